import { runTool, type ToolEnd } from '../../support/tools.ts';
import { notRun } from './expected.ts';

/** The whole of libiscsi's suite, SCSI and iSCSI. */
const FAMILY = 'ALL';
const ONE_TEST_MILLISECONDS = 60_000;
const SUITE_MILLISECONDS = 300_000;

export type Verdict = 'passed' | 'failed' | 'skipped' | 'timed out' | 'crashed';

export interface Outcome {
  /** Suite.Test */
  readonly name: string;
  readonly verdict: Verdict;
  /** The tool's first word on why it failed or skipped; empty where it passed. */
  readonly reason: string;
}

/** A logical unit to be overwritten, by libiscsi's URLs. */
export interface Victim {
  readonly url: string;
  /** The same unit by another path, for the MultipathIO suite. */
  readonly otherUrl: string;
}

/** Names of all tests: Suite.Test. */
export async function listTests(): Promise<string[]> {
  const { out } = await runTool('iscsi-test-cu', ['--list']);
  const names = out.split('\n').map((line) => line.split('.'));
  return names
    .filter(([family, , test]) => family === FAMILY && test !== undefined)
    .map((name) => name.slice(1).join('.'));
}

/** One test in a process of its own. */
export async function runOne(victim: Victim, name: string): Promise<Outcome> {
  const why = notRun.get(name);
  if (why !== undefined) return { name, verdict: 'skipped', reason: `not run: ${why}` };
  const end = await run(victim, `${FAMILY}.${name}`, ONE_TEST_MILLISECONDS);
  if (end.timedOut)
    return { name, verdict: 'timed out', reason: `did not end in ${ONE_TEST_MILLISECONDS / 1000} s` };
  const outcome = outcomesIn(end.out).find((candidate) => candidate.name === name);
  if (isWhole(end) && outcome !== undefined) return outcome;
  return { name, verdict: 'crashed', reason: lastLine(end) };
}

/**
 * All tests, a process for each suite, so that a test meets what the one before it has left. Throws, with what the
 * tool printed, where a suite does not end well.
 */
export async function runSuites(victim: Victim): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const run of suiteRuns(await listTests())) outcomes.push(...(await runSuite(victim, run)));
  return outcomes;
}

/** The names of suites, and of single tests where their suite has one that must not be run. */
function suiteRuns(tests: readonly string[]): Set<string> {
  const suiteOf = (test: string) => test.split('.', 1)[0] ?? '';
  const broken = new Set([...notRun.keys()].map(suiteOf));
  return new Set(
    tests
      .filter((test) => !notRun.has(test))
      .map((test) => (broken.has(suiteOf(test)) ? test : suiteOf(test))),
  );
}

/** One suite, or one test, in a process of its own. Throws as `runSuites` does. */
export async function runSuite(victim: Victim, test: string): Promise<Outcome[]> {
  const end = await run(victim, `${FAMILY}.${test}`, SUITE_MILLISECONDS);
  if (isWhole(end)) return outcomesIn(end.out);
  const how = end.timedOut ? `did not end in ${SUITE_MILLISECONDS} ms` : `ended with ${end.code}`;
  throw new Error(
    `iscsi-test-cu ${test} at ${victim.url} ${how}. It printed:\n${end.out.slice(-4000)}${end.err}`,
  );
}

function run({ url, otherUrl }: Victim, test: string, milliseconds: number): Promise<ToolEnd> {
  return runTool('iscsi-test-cu', ['--dataloss', '--test', test, url, otherUrl], milliseconds);
}

/** The tool ends with 0 or, where a test failed, 1, and a summary. */
function isWhole({ code, out }: ToolEnd): boolean {
  return (code === 0 || code === 1) && /^Run Summary:/m.test(out);
}

function lastLine({ code, out, err }: ToolEnd): string {
  const lines = `${out}\n${err}`.split('\n').filter((line) => line.trim() !== '');
  return `ended with ${code ?? 'a signal'}: ${lines.at(-1)?.trim() ?? ''}`;
}

/**
 * Reads the tool's verbose output: "Suite: X", then for each test "  Test: Y ...", its remarks, and "passed" or
 * "FAILED". A skipped test is one that the tool calls passed after a remark that it skipped something.
 */
function outcomesIn(out: string): Outcome[] {
  const outcomes: Outcome[] = [];
  for (const suite of out.split(/^Suite: /m).slice(1)) {
    const suiteName = suite.slice(0, suite.indexOf('\n')).trim();
    for (const test of suite.split(/^ {2}Test: /m).slice(1)) {
      const outcome = outcomeOf(suiteName, test.split(/^Run Summary:/m, 1)[0] ?? '');
      if (outcome !== null) outcomes.push(outcome);
    }
  }
  return outcomes;
}

/** Null where the tool ended in the middle of the test. */
function outcomeOf(suite: string, text: string): Outcome | null {
  const name = `${suite}.${text.slice(0, text.indexOf(' ...'))}`;
  const verdict = /(?:^|\.\.\.)(passed|FAILED)(?= |$)/m.exec(text)?.[1];
  if (verdict === undefined) return null;
  if (verdict === 'FAILED') {
    const reason = /\[FAILED\] (.*)/.exec(text)?.[1] ?? /^ +1\. (.*)/m.exec(text)?.[1] ?? '';
    return { name, verdict: 'failed', reason: reason.replace(/\s+/g, ' ').trim() };
  }
  const skipped = /\[SKIPPED\] (.*)/.exec(text)?.[1];
  if (skipped !== undefined) return { name, verdict: 'skipped', reason: skipped };
  return { name, verdict: 'passed', reason: '' };
}
