/** npm run sim:planted: set-up, then sim/planted/main.ts with the arguments given here (docs/simulator.md). */
import { setup } from './setup.mjs';

setup();
await import('../dist/sim/planted/main.js');
