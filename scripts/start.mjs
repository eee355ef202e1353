/** npm start: set-up, then the demo (cli/demo/main.ts). Signals reach it because it runs in this process. */
import { setup } from './setup.mjs';

setup();
await import('../dist/cli/demo/main.js');
