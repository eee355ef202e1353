/** The command line. Each command gives its exit code; a UserError is printed as it is. */
import { fileURLToPath } from 'node:url';
import { UserError } from '../src/daemon/user-error.ts';
import { createProgram } from './program.ts';

const program = createProgram(fileURLToPath(import.meta.url), (code) => {
  process.exitCode = code;
});
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
// What a command leaves open (a keep-alive connection, the channel to the parent) is no reason to stay.
process.exit();
