import type { Outcome, Verdict } from './iscsi-test-cu.ts';

/** What was counted through one kind of port. */
export interface PortReport {
  readonly kind: string;
  readonly outcomes: readonly Outcome[];
}

/** The failures that are known, by kind of port: test names. */
export type Recorded = Readonly<
  Record<string, { readonly failed: readonly string[]; readonly skipped: number }>
>;

const verdicts: readonly Verdict[] = ['passed', 'failed', 'skipped', 'timed out', 'crashed'];

export function recordOf(reports: readonly PortReport[]): Recorded {
  return Object.fromEntries(
    reports.map(({ kind, outcomes }) => [
      kind,
      { failed: outcomes.filter(isBad).map(({ name }) => name), skipped: count(outcomes, 'skipped') },
    ]),
  );
}

/** Failures that were looked into and are no fault of the target. */
const explanations: ReadonlyMap<string, string> = new Map([
  [
    'GetLBAStatus.UnmapSingle',
    'the test asks for LBA i + 1 and wants an answer that begins at i + (logical blocks per physical block), which is the same only where that is 1; here it is 8, and the answer begins at the LBA asked for',
  ],
  [
    'iSCSIdatasn.iSCSIDataSnInvalid',
    'the session is dropped for the first wrong DataSN, as it should be; the tool then logs in again with immediate data, so that its third write has no Data-Out PDU, and rightly succeeds',
  ],
]);

/** docs/conformance.md */
export function markdown(reports: readonly PortReport[]): string {
  const header = `| port | ${verdicts.join(' | ')} |\n| --- | ${verdicts.map(() => '---:').join(' | ')} |`;
  const rows = reports.map(
    ({ kind, outcomes }) =>
      `| ${kind} | ${verdicts.map((verdict) => count(outcomes, verdict)).join(' | ')} |`,
  );
  return `# Conformance

What \`iscsi-test-cu\` of libiscsi (Debian's \`libiscsi-bin\`) says of Crosspath. \`npm run conformance\` writes this page: it runs every test in
a process of its own, with a time limit, against a logical unit made for it, through each kind of port. The tool
counts a test that it skips as passed; here it is counted as skipped. The MultipathIO tests use a port of the other system as second path.

${header}
${rows.join('\n')}

## What failed, and why

${failures(reports)}
## What was skipped

${reasons(reports, 'skipped')}`;
}

function failures(reports: readonly PortReport[]): string {
  const wanted = verdicts.filter((verdict) => verdict !== 'passed' && verdict !== 'skipped');
  const lists = wanted.map((verdict) => reasons(reports, verdict)).filter((list) => list !== '');
  return lists.length === 0 ? 'Nothing.\n' : lists.join('');
}

/** A line for each test and reason, with the ports that it is true of. */
function reasons(reports: readonly PortReport[], verdict: Verdict): string {
  const ports = new Map<string, string[]>();
  for (const { kind, outcomes } of reports) {
    for (const outcome of outcomes.filter((candidate) => candidate.verdict === verdict)) {
      const line = lineOf(outcome);
      ports.set(line, [...(ports.get(line) ?? []), kind]);
    }
  }
  const everywhere = (kinds: readonly string[]) => kinds.length === reports.length;
  return [...ports]
    .map(([line, kinds]) => `- ${line}${everywhere(kinds) ? '' : ` [${kinds.join(', ')}]`}\n`)
    .join('');
}

function lineOf({ name, verdict, reason }: Outcome): string {
  const explanation = isBad({ name, verdict, reason }) ? explanations.get(name) : undefined;
  const why = explanation === undefined ? reason : `${reason}. Explained: ${explanation}`;
  return `\`${name}\` (${verdict}): ${why}`;
}

export function isBad({ verdict }: Outcome): boolean {
  return verdict !== 'passed' && verdict !== 'skipped';
}

function count(outcomes: readonly Outcome[], verdict: Verdict): number {
  return outcomes.filter((outcome) => outcome.verdict === verdict).length;
}
