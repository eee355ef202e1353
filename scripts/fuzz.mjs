/** npm run fuzz: set-up, then test/fuzz/main.ts with the arguments given here (docs/fuzzing.md). */
import { setup } from './setup.mjs';

setup();
await import('../dist/test/fuzz/main.js');
