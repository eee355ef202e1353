/**
 * npm run test:linux: set-up, then test/linux: a Linux kernel that is a client. It needs QEMU, downloads Debian
 * packages into var/, and takes minutes.
 */
import { needPackages, packages } from './debian-packages.mjs';
import { run, setup } from './setup.mjs';

setup();
needPackages(packages.forLinux);
process.exitCode = run(process.execPath, [
  '--test',
  '--test-reporter=spec',
  'dist/test/linux/multipath.linux.js',
]);
