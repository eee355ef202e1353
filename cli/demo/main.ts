/** What `npm start` runs: the demo cluster until Ctrl-C, or with --check the proof that it works. */
import { UserError } from '../../src/daemon/user-error.ts';
import { checkDemo } from './check-demo.ts';
import { runDemo } from './run-demo.ts';

const usage = `Usage: npm start [-- --check]

Runs a cluster of two storage systems on loopback and prints how to use it, until Ctrl-C.
--check   starts one on free ports instead, writes and reads back through a proxy port, shows the way
          that the command took, and exits with 0 or 1
`;

async function main(args: readonly string[]): Promise<number> {
  if (args.length === 0) return runDemo();
  if (args.length === 1 && args[0] === '--check') return checkDemo();
  process.stderr.write(usage);
  return args.includes('--help') ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
process.exit();
