/** npm run scenarios: set-up, then the failures of docs/failure-model.md that take longer than `npm test` should. About three minutes. */
import { needPackages, packages } from './debian-packages.mjs';
import { run, setup } from './setup.mjs';

setup();
needPackages(packages.forTests);
process.exitCode = run(process.execPath, [
  '--test',
  '--test-reporter=spec',
  'dist/test/e2e/long-scenarios.js',
]);
