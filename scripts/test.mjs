/**
 * npm test: set-up, Debian packages, lint, then every test that was built. Arguments are pieces of the paths of
 * the tests to run: `npm test -- scsi` runs those with "scsi" in their path.
 *
 * test/linux downloads Debian's kernel and what goes with it into var/, once.
 */
import { join, relative } from 'node:path';
import { needPackages, packages } from './debian-packages.mjs';
import { filesIn, progress, root, run, setup } from './setup.mjs';

/** Milliseconds, after which a test, or a file of them, has hung: three times what the longest takes. */
const HANGS = 600_000;

setup();
needPackages(packages.forTests);
lint();
process.exitCode = test(process.argv.slice(2));

function lint() {
  progress('lint (biome) ...');
  const biome = join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome');
  if (run(process.execPath, [biome, 'check', '.']) !== 0) process.exit(1);
}

function test(wanted) {
  const files = filesIn(join('dist', 'test'))
    .map((file) => relative(root, file))
    .filter((file) => file.endsWith('.test.js'))
    .filter((file) => wanted.length === 0 || wanted.some((piece) => file.includes(piece)))
    .sort();
  if (files.length === 0) {
    progress(`no test has ${wanted.join(' or ')} in its path`);
    return 1;
  }
  progress(`running ${files.length} test files ...`);
  return run(process.execPath, ['--test', '--test-reporter=spec', `--test-timeout=${HANGS}`, ...files]);
}
