/** What issue 5 asks for, as ratios within one run. */
import type { Result, Sample, Samples } from './results.ts';
import { median, ratios, type Spread } from './statistics.ts';

export const BASE_PATH = 'tgt';
/** The paths of other targets. */
const PEERS = [BASE_PATH, 'tgt-tuned', 'istgt'];

/** MiB resident, a system. */
export const MEMORY_GOAL = 200;

interface Goal {
  readonly title: string;
  /** Commands a second are to be this many times as much at least; CPU seconds at the most. */
  readonly of: 'rate' | 'cpu';
  readonly path: string;
  /** The path to compare with; null: the peer that is fastest at that workload. */
  readonly to: string | null;
  readonly byWorkload: Readonly<Record<string, number>>;
}

const workloads = ['read-4k-1', 'read-4k-32', 'write-4k-32', 'read-256k-8', 'write-256k-8'];
const each = (...goals: number[]): Record<string, number> =>
  Object.fromEntries(workloads.map((name, i) => [name, goals[i] ?? Number.NaN]));

const goals: readonly Goal[] = [
  {
    title: 'direct : best peer',
    of: 'rate',
    path: 'direct',
    to: null,
    byWorkload: each(1.3, 2.6, 1.6, 1.1, 1),
  },
  {
    title: 'proxied : direct',
    of: 'rate',
    path: 'proxied-tcp',
    to: 'direct',
    byWorkload: each(0.65, 0.65, 0.7, 0.8, 0.85),
  },
  {
    title: 'proxied : haproxy',
    of: 'rate',
    path: 'proxied-tcp',
    to: 'haproxy',
    byWorkload: each(1.3, 1.5, 1.25, 1.25, 1.05),
  },
  {
    title: 'CPU, direct : tgt',
    of: 'cpu',
    path: 'direct',
    to: BASE_PATH,
    byWorkload: each(1, 0.22, 0.33, 0.42, 0.25),
  },
  {
    title: 'CPU, proxied : direct',
    of: 'cpu',
    path: 'proxied-tcp',
    to: 'direct',
    byWorkload: each(2, 1.7, 1.5, 1.6, 1.5),
  },
];

export interface Judged {
  readonly title: string;
  /** The path compared with. */
  readonly to: string;
  readonly ratio: Spread;
  /** "≥ 1.30" or "≤ 0.22". */
  readonly goal: string;
  readonly met: boolean;
}

/** The goals of one workload whose paths were measured. */
export function judge(result: Result, workload: string): Judged[] {
  const samples = result.samples[workload] ?? {};
  return goals.flatMap(({ title, of, path, to, byWorkload }) => {
    const goal = byWorkload[workload];
    const base = to ?? bestPeer(samples);
    const [ours, theirs] = [samples[path], base === null ? undefined : samples[base]];
    if (goal === undefined || base === null || ours === undefined || theirs === undefined) return [];
    const value = of === 'rate' ? rateOf : cpuOf;
    const ratio = ratios(ours.map(value), theirs.map(value));
    const met = of === 'rate' ? ratio.median >= goal : ratio.median <= goal;
    return [{ title, to: base, ratio, goal: `${of === 'rate' ? '≥' : '≤'} ${goal.toFixed(2)}`, met }];
  });
}

export const rateOf = (sample: Sample): number => sample.commandsPerSecond;

/** Of all servers of the path: CPU seconds for 100,000 commands. */
export const cpuOf = (sample: Sample): number => Object.values(sample.cpuSeconds).reduce((a, b) => a + b, 0);

function bestPeer(samples: Samples[string]): string | null {
  const rate = (name: string): number => median((samples[name] ?? []).map(rateOf));
  const there = PEERS.filter((name) => samples[name] !== undefined);
  return there.toSorted((a, b) => rate(b) - rate(a))[0] ?? null;
}
