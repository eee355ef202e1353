/** npm run conformance: set-up, Debian packages, then test/e2e/conformance/main.ts. It takes some minutes. */
import { needPackages, packages } from './debian-packages.mjs';
import { setup } from './setup.mjs';

setup();
needPackages(packages.forTests);
await import('../dist/test/e2e/conformance/main.js');
