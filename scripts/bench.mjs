/** npm run bench: set-up, Debian packages, then bench/main.ts with the arguments given here. */
import { needPackages, packages } from './debian-packages.mjs';
import { setup } from './setup.mjs';

setup();
needPackages(packages.forBench);
await import('../dist/bench/main.js');
