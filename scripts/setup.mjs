/**
 * Makes a fresh clone able to run: packages, then the build. What is there and new enough is left alone.
 * Progress goes to stderr: stdout belongs to whatever runs next.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Node's first version that has all that the sources use. */
const FLOOR = [20, 19];
/** Its time is that of the last whole build. The compiler's own file also changes when it only checks. */
const builtMark = join(root, 'dist', '.built');
const sourceFolders = ['src', 'client', 'cli', 'sim', 'test', 'bench'];

/** Ends the process where it fails, with what failed on stderr. */
export function setup() {
  checkNode();
  installPackages();
  build();
}

/** Runs a command in the project's folder. Gives its exit code. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) throw error;
  return status ?? 1;
}

export function progress(text) {
  process.stderr.write(`crosspath: ${text}\n`);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return;
  progress(`this is Node ${process.versions.node}; install Node ${FLOOR.join('.')} or newer`);
  process.exit(1);
}

function installPackages() {
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (timeOf(installed) >= timeOf(join(root, 'package-lock.json'))) return;
  progress('installing packages (npm ci) ...');
  if (run('npm', ['ci', '--include=dev'], { stdio: ['ignore', 2, 2] }) !== 0) {
    progress(
      'npm ci failed: see above. It needs the npm registry, or a mirror of it in your npm configuration',
    );
    process.exit(1);
  }
}

function build() {
  if (isBuilt()) return;
  progress('building (tsc) ...');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (run(process.execPath, [compiler, '-p', '.'], { stdio: ['ignore', 2, 2] }) !== 0) {
    progress('the build failed: see above');
    process.exit(1);
  }
  removeOrphans();
  writeFileSync(builtMark, '');
}

/** What was built from sources that are gone would be tested, and imported, for ever. */
function removeOrphans() {
  for (const file of filesIn('dist')) {
    const source = join(root, relative(join(root, 'dist'), file)).replace(/\.js(\.map)?$/, '.ts');
    if (source.endsWith('.ts') && !existsSync(source)) rmSync(file);
  }
}

/** Whether no source, and nothing that tells how to compile it, is newer than the build. */
export function isBuilt() {
  const built = timeOf(builtMark);
  if (!existsSync(join(root, 'dist', 'cli', 'main.js'))) return false;
  const settings = ['tsconfig.json', 'package-lock.json'].map((name) => timeOf(join(root, name)));
  return Math.max(...settings, ...sourceFolders.map(newestIn)) < built;
}

/** Every file below a folder of the project; none where there is no such folder. */
export function filesIn(folder) {
  const path = resolve(root, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** Folders count too: their time changes when a file in them is removed. */
function newestIn(folder) {
  const path = join(root, folder);
  if (!existsSync(path)) return 0;
  const inside = readdirSync(path, { recursive: true }).map((name) => timeOf(join(path, name)));
  return Math.max(timeOf(path), ...inside);
}

/** Milliseconds of the last change; 0 where there is no such file. */
function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
