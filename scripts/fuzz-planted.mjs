/** npm run fuzz:planted: set-up, then test/fuzz/planted/main.ts with the arguments given here (docs/fuzzing.md). */
import { setup } from './setup.mjs';

setup();
await import('../dist/test/fuzz/planted/main.js');
