/** npm run reference: writes docs/reference/scsi-commands.md. */
import { writeReference } from './command-reference.ts';

await writeReference();
console.log('wrote docs/reference/scsi-commands.md');
