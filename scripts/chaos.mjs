/** npm run chaos: set-up, Debian packages, then test/chaos/main.ts with the arguments given here (docs/chaos.md). */
import { needPackages, packages } from './debian-packages.mjs';
import { setup } from './setup.mjs';

setup();
needPackages(packages.forTests);
await import('../dist/test/chaos/main.js');
