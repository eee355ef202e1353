/** npm run fuzz: see docs/fuzzing.md. */
import { parseArgs } from 'node:util';
import { type Finding, Run, type Summary } from './run.ts';
import type { Tally } from './tally.ts';

const USAGE = `npm run fuzz -- [options]
  --count N   PDUs and frames to send (default 1000000)
  --seed K    of the first batch (default 1); --seed K --count 1 is batch K alone
  --json      a summary on stdout, everything else on stderr`;

const PROGRESS_MILLISECONDS = process.stderr.isTTY ? 1_000 : 30_000;
const values = options();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const count = wholeNumber('count', values.count);
const seed = wholeNumber('seed', values.seed);
const started = performance.now();
let told = started;
const run = new Run({ seed, count, progress, found });
process.once('SIGINT', () => run.stop());
const summary = await run.finish();
clearProgress();
say(summaryText(summary));
if (values.json) console.log(JSON.stringify(summary, null, 1));
if (summary.findings.length > 0) process.exitCode = 1;
else if (summary.interrupted) process.exitCode = 130;

/** On a terminal each line takes the place of the one before. */
function progress(tally: Tally): void {
  const now = performance.now();
  if (now - told < PROGRESS_MILLISECONDS) return;
  told = now;
  const rate = (tally.messages * 1000) / (now - started);
  const left = Math.ceil(Math.max(0, count - tally.messages) / rate / 60);
  const text = `${tally.messages} of ${count} PDUs and frames, ${rate.toFixed(0)} a second, ${left} min left`;
  clearProgress();
  process.stderr.write(process.stderr.isTTY ? text : `${text}\n`);
}

function found({ seed: at, text, conversations }: Finding): void {
  clearProgress();
  say(
    `seed ${at}: ${text}\nthe least that shows it: ${conversations}\nagain: npm run fuzz -- --seed ${at} --count 1`,
  );
}

function summaryText({
  firstSeed,
  lastSeed,
  interrupted,
  messages,
  conversations,
  seconds,
  findings,
}: Summary): string {
  const what = `${messages} PDUs and frames in ${conversations} conversations`;
  const speed = `${seconds.toFixed(0)} s, ${(messages / seconds).toFixed(0)} a second`;
  return `${interrupted ? 'interrupted: ' : ''}seeds ${firstSeed} to ${lastSeed}: ${what} (${speed}): ${findings.length} findings`;
}

/** With --json stdout has the summary alone. */
function say(text: string): void {
  if (values.json) console.error(text);
  else console.log(text);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
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
        count: { type: 'string', default: '1000000' },
        seed: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error));
  }
}

function usage(text: string): never {
  console.error(`npm run fuzz: ${text}\n${USAGE}`);
  process.exit(2);
}
