/** npm run fuzz: see docs/fuzzing.md. */
import { parseArgs } from 'node:util';
import { type Finding, Run, type Summary } from './run.ts';
import type { Tally } from './tally.ts';

const USAGE = `npm run fuzz -- [options]
  --count N   PDUs and frames to send (default 1000000)
  --seed K    of the first batch (default 1); --seed K --count 1 is batch K alone
  --json      a summary on stdout, everything else on stderr`;

const INTERRUPTED = 130;
const PROGRESS_MILLISECONDS = process.stderr.isTTY ? 1_000 : 30_000;
const values = options();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const count = wholeNumber('count', values.count);
const seed = wholeNumber('seed', values.seed);
const started = performance.now();
/** Null: nothing yet. */
let told: number | null = null;
let stopping = false;
const run = new Run({ seed, count, progress, found });
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
const summary = await run.finish();
clearProgress();
say(summaryText(summary));
if (values.json) console.log(JSON.stringify(summary, null, 1));
if (summary.findings.length > 0) process.exitCode = 1;
else if (summary.interrupted) process.exitCode = INTERRUPTED;

/** The batch that runs ends first; asked again, nothing does: the systems are killed as the process exits. */
function stop(signal: NodeJS.Signals): void {
  clearProgress();
  if (stopping) process.exit(INTERRUPTED);
  stopping = true;
  run.stop();
  console.error(`${signal}: the batch that runs is the last one; once more ends at once`);
}

/** On a terminal each line takes the place of the one before. */
function progress(at: number, { messages }: Tally): void {
  const now = performance.now();
  if (told !== null && now - told < PROGRESS_MILLISECONDS) return;
  told = now;
  const rate = (messages * 1000) / (now - started);
  const end = new Date(Date.now() + (Math.max(0, count - messages) / rate) * 1000);
  const text = `seed ${at}: ${messages} of ${count} PDUs and frames, ${rate.toFixed(0)} a second, ends about ${end.toTimeString().slice(0, 5)}`;
  clearProgress();
  process.stderr.write(process.stderr.isTTY ? text : `${text}\n`);
}

function found({ seed: at, text, conversations }: Finding): void {
  clearProgress();
  say(
    `seed ${at}: ${text}\nthe least that shows it: ${conversations}\nagain: npm run fuzz -- --seed ${at} --count 1`,
  );
}

function summaryText(summary: Summary): string {
  const { firstSeed, lastSeed, interrupted, messages, conversations, seconds, findings } = summary;
  const listed = (counts: Readonly<Record<string, number>>, unit = 1) =>
    Object.entries(counts)
      .map(([what, value]) => `${what} ${Math.round(value / unit)}`)
      .join(', ');
  return [
    `${interrupted ? 'interrupted: ' : ''}seeds ${firstSeed} to ${lastSeed}: ${findings.length} findings`,
    `${messages} PDUs and frames in ${conversations} conversations: ${listed(summary.sent)}`,
    `${seconds.toFixed(0)} s, ${(messages / seconds).toFixed(0)} a second; peak memory in MiB: ${listed(summary.peakMemoryBytes, 1 << 20)}`,
  ].join('\n');
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
