/** npm run sim: set-up, then sim/main.ts with the arguments given here (docs/simulator.md). */
import { setup } from './setup.mjs';

setup();
await import('../dist/sim/main.js');
