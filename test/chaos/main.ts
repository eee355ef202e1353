/** npm run chaos: see docs/chaos.md. Progress goes to stderr, the summary to stdout. */
import { parseArgs } from 'node:util';
import { runChaos } from './run.ts';
import { textOf } from './summary.ts';

const { values } = parseArgs({
  options: {
    failures: { type: 'string', default: '100' },
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    longest: { type: 'string', default: '6' },
    json: { type: 'boolean', default: false },
  },
});

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

const plan = {
  seed: wholeNumber('seed'),
  failures: wholeNumber('failures'),
  kills: wholeNumber('kills'),
  longest: seconds(values.longest),
};
process.stderr.write(`chaos: seed ${plan.seed}, ${plan.failures} path failures, ${plan.kills} kills\n`);
try {
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  const summary = await runChaos({ ...plan, tell, signal: stopping.signal });
  process.stdout.write(values.json ? `${JSON.stringify(summary, null, 1)}\n` : `${textOf(summary)}\n`);
  if (summary.findings.length > 0) process.exitCode = 1;
} catch (error) {
  if (!stopping.signal.aborted) throw error;
  process.stderr.write('chaos: stopped\n');
  process.exitCode = 130;
}
// Clients that hang would keep the process; that they do has been told.
process.exit();

function wholeNumber(name: 'seed' | 'failures' | 'kills'): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  process.stderr.write(`chaos: --${name} takes a whole number, not ${values[name]}\n`);
  process.exit(2);
}

function seconds(given: string): number {
  const number = Number(given);
  if (number >= 1 && number <= 60) return number;
  process.stderr.write(`chaos: --longest takes 1 to 60 seconds, not ${given}\n`);
  process.exit(2);
}
