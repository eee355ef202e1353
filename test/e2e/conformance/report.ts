import { notRun, skips, toolFaults, unexpected } from './expected.ts';
import type { Outcome, Verdict } from './iscsi-test-cu.ts';

/** What was counted through one kind of port. */
export interface PortReport {
  readonly kind: string;
  readonly outcomes: readonly Outcome[];
}

const verdicts: readonly Verdict[] = ['passed', 'failed', 'skipped', 'timed out', 'crashed'];

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

\`npm test\` runs the same suites through all four. A test that fails, or is skipped, and is not listed below by its name with the reason, fails it (\`test/e2e/conformance/expected.ts\`).

${header}
${rows.join('\n')}

## What failed, and why

${failures(reports)}
## What was skipped, and why

${skipped(reports)}`;
}

/** Each with the tool's own words; then, where it is the tool's fault, what shows that. */
function failures(reports: readonly PortReport[]): string {
  const bad = byName(reports, ({ verdict }) => verdict !== 'passed' && verdict !== 'skipped');
  if (bad.size === 0) return 'Nothing.\n';
  return [...bad].map(([name, at]) => failure(name, at, reports.length)).join('\n');
}

function failure(name: string, at: readonly (readonly [string, Outcome])[], ports: number): string {
  const { verdict, reason } = at[0]?.[1] ?? { verdict: 'failed', reason: '' };
  const fault = toolFaults.get(name);
  const title = `### ${name}${where(at, ports)}\n\n${verdict}: ${reason}\n`;
  if (fault === undefined) return `${title}\nNot explained.\n`;
  return `${title}\nThe tool's fault. ${fault.why}\n\n\`\`\`\n${fault.trace}\n\`\`\`\n`;
}

/** Names by reason. */
function skipped(reports: readonly PortReport[]): string {
  const names = byName(reports, ({ verdict }) => verdict === 'skipped');
  const reasons = new Map<string, string[]>();
  for (const [name, at] of names) {
    const reason = skips.get(name) ?? notRun.get(name) ?? `not explained: ${at[0]?.[1].reason}`;
    reasons.set(reason, [...(reasons.get(reason) ?? []), `\`${name}\`${where(at, reports.length)}`]);
  }
  return [...reasons].map(([reason, tests]) => `- ${tests.join(', ')}: ${reason}.\n`).join('');
}

type At = readonly (readonly [kind: string, outcome: Outcome])[];

function byName(reports: readonly PortReport[], wanted: (outcome: Outcome) => boolean): Map<string, At> {
  const found = new Map<string, At>();
  for (const { kind, outcomes } of reports) {
    for (const outcome of outcomes.filter(wanted)) {
      found.set(outcome.name, [...(found.get(outcome.name) ?? []), [kind, outcome]]);
    }
  }
  return found;
}

/** The ports that it is true of, unless it is of all. */
function where(at: At, ports: number): string {
  return at.length === ports ? '' : ` [${at.map(([kind]) => kind).join(', ')}]`;
}

/** What no list allows, in words. */
export function complaints({ kind, outcomes }: PortReport): string[] {
  return unexpected(outcomes).map(({ name, verdict, reason }) => `${kind}: ${name} ${verdict}: ${reason}`);
}

function count(outcomes: readonly Outcome[], verdict: Verdict): number {
  return outcomes.filter((outcome) => outcome.verdict === verdict).length;
}
