/** npm run sim: see docs/simulator.md. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Crew } from './crew/crew.ts';
import { progressText, summaryText, Tally } from './crew/tally.ts';
import { runSeed } from './run-seed.ts';

const USAGE = `npm run sim -- [options]
  --seeds N | A-B      seeds 1 to N, or A to B (default 100)
  --seed K             this one; with --trace a line for everything that happens
  --check-determinism  each twice: both histories must be the same
  --jobs N             processes (default: one for each core)
  --json               a summary on stdout, everything else on stderr`;

const { values } = options();

if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (values.trace && values.seed === undefined) usage('--trace is of one --seed');
if (values.seed !== undefined && !values['check-determinism']) await runOne(wholeNumber('seed', values.seed));
else await runMany();

/** In this process: what it prints, and where it stops in a debugger, is the seed's. */
async function runOne(seed: number): Promise<void> {
  const { hash, events, operations, retries, failure } = await runSeed(seed, {
    ...(values.trace ? { print: (line: string) => console.log(line) } : {}),
  });
  if (failure !== null) console.log(`seed ${seed}: ${failure.text}`);
  console.log(
    `seed ${seed}: hash ${hash}, ${events} events, ${operations} operations, ${retries} sent again`,
  );
  if (failure !== null) process.exitCode = 1;
}

async function runMany(): Promise<void> {
  const { first, last } = range();
  const jobs = Math.min(wholeNumber('jobs', values.jobs), last - first + 1);
  const tally = new Tally(first, last);
  let interrupted = false;
  const options = { first, last, jobs, twice: values['check-determinism'] };
  const crew = new Crew(options, (report) => {
    for (const { seed, what, text } of tally.add(report)) say(`seed ${seed}: ${what}: ${text}`);
  });
  const progress = setInterval(() => showProgress(tally), process.stderr.isTTY ? 1_000 : 30_000);
  process.once('SIGINT', () => {
    interrupted = true;
    crew.stop();
  });
  await crew.run();
  clearInterval(progress);
  clearProgress();
  const summary = tally.summary(interrupted);
  say(summaryText(summary, jobs));
  if (values.json) console.log(JSON.stringify(summary));
  if (summary.failures > 0) process.exitCode = 1;
  else if (interrupted) process.exitCode = 130;
}

/** With --json stdout has the summary alone. */
function say(text: string): void {
  clearProgress();
  if (values.json) console.error(text);
  else console.log(text);
}

/** On a terminal each line takes the place of the one before. */
function showProgress(tally: Tally): void {
  clearProgress();
  const text = progressText(tally.summary(false));
  process.stderr.write(process.stderr.isTTY ? text : `${text}\n`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** --seed 42, --seeds 1000 (from 1 on), or --seeds 1001-2000. */
function range(): { readonly first: number; readonly last: number } {
  if (values.seed !== undefined) {
    const seed = wholeNumber('seed', values.seed);
    return { first: seed, last: seed };
  }
  const [from = '', to] = values.seeds.split('-');
  const first = to === undefined ? 1 : wholeNumber('seeds', from);
  const last = wholeNumber('seeds', to ?? from);
  if (last < first) usage('--seeds A-B: from A to B');
  return { first, last };
}

function wholeNumber(option: string, text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > 0x7fff_ffff)
    usage(`--${option} takes a whole number from 1 on`);
  return number;
}

/** What is wrong with them is the user's mistake. */
function options() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string', default: '100' },
        seed: { type: 'string' },
        jobs: { type: 'string', default: String(availableParallelism()) },
        trace: { type: 'boolean', default: false },
        'check-determinism': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(text: string): never {
  console.error(`npm run sim: ${text}\n${USAGE}`);
  process.exit(2);
}
