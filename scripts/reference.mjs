/** npm run reference: set-up, then test/scsi/reference/main.ts, which writes docs/reference/scsi-commands.md. */
import { setup } from './setup.mjs';

setup();
await import('../dist/test/scsi/reference/main.js');
