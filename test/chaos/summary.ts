/** What a run did and found: for people, and with --json for programs. */
import { type Finding, type FindingKind, type Findings, findingKinds } from './findings.ts';
import { type Fault, type PlanOptions, planFaults } from './plan.ts';
import type { Rig } from './rig.ts';

export interface Summary {
  readonly seed: number;
  readonly seconds: number;
  /** By kind, and by the way of a relay. */
  readonly faults: Readonly<Record<string, number>>;
  readonly clients: readonly ({ readonly name: string; readonly sessions: number } & Readonly<
    Record<'reads' | 'writes' | 'sentAgain' | 'lost' | 'aborted', number>
  >)[];
  readonly blocksRead: number;
  readonly qemu: Readonly<Record<'writes' | 'reads' | 'processes' | 'failed' | 'killed', number>>;
  readonly perf: Readonly<Record<'processes' | 'failed' | 'killed', number>>;
  readonly found: Readonly<Record<FindingKind, number>>;
  readonly findings: readonly Finding[];
}

export function summaryOf(plan: PlanOptions, rig: Rig, findings: Findings): Summary {
  const sum = (counts: readonly Readonly<Record<string, number>>[], name: string) =>
    counts.reduce((total, each) => total + (each[name] ?? 0), 0);
  const qemu = rig.qemu.map(({ steps, counts }) => ({ ...steps, ...counts }));
  return {
    seed: plan.seed,
    seconds: Math.round(findings.now),
    faults: countsOf(planFaults(plan).flat()),
    clients: rig.clients.map(({ name, counts, paths }) => ({
      name,
      sessions: paths.reduce((total, { sessions }) => total + sessions, 0),
      ...counts,
    })),
    blocksRead: rig.checker.blocksRead,
    qemu: {
      writes: sum(qemu, 'writes'),
      reads: sum(qemu, 'reads'),
      processes: sum(qemu, 'processes'),
      failed: sum(qemu, 'failed'),
      killed: sum(qemu, 'killed'),
    },
    perf: { ...rig.perf.counts },
    found: {
      lost: findings.count('lost'),
      stale: findings.count('stale'),
      ghost: findings.count('ghost'),
      torn: findings.count('torn'),
      foreign: findings.count('foreign'),
      refused: findings.count('refused'),
      hung: findings.count('hung'),
      unhealed: findings.count('unhealed'),
    },
    findings: findings.all,
  };
}

export function textOf(summary: Summary): string {
  const { seed, seconds, faults, clients, blocksRead, qemu, perf, found } = summary;
  const pairs = (counts: Readonly<Record<string, number>>) =>
    Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return [
    `seed ${seed}, ${seconds} s; faults: ${pairs(faults).join(', ')}`,
    ...clients.map(({ name, ...counts }) => `${name}: ${pairs(counts).join(', ')}`),
    `${blocksRead} blocks read and checked`,
    `QEMU: ${pairs(qemu).join(', ')}`,
    `iscsi-perf: ${pairs(perf).join(', ')}`,
    `found: ${findingKinds.map((kind) => `${found[kind]} ${kind}`).join(', ')}`,
  ].join('\n');
}

function countsOf(faults: readonly Fault[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const fault of faults) {
    const name = fault.kind === 'relay' ? fault.way : fault.kind;
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
