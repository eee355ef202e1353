/**
 * What the CPUs of the machine allow at what a command costs each process on its path. Each of the paths here has one thread that does
 * the work in each process, so a process runs on one CPU at a time.
 */
import { rateOf } from './goals.ts';
import type { Result, Sample } from './results.ts';
import { median, ratios } from './statistics.ts';

const DIRECT = 'direct';
const PATHS = [DIRECT, 'proxied-tcp', 'haproxy'];
/** A client that keeps more than so much of one CPU busy is what limits. */
export const CLIENT_LIMIT = 0.9;

/** Commands a second, at the most. */
export interface Bounds {
  /** Where no process ever changes its CPU: of three on two CPUs, two share one. */
  readonly staying: number;
  /** Where they may change at any time. Nothing is faster than that. */
  readonly moving: number;
}

/** `costs`: CPU seconds of each process for one command. */
export function boundsOf(costs: readonly number[], cpus: number): Bounds {
  const all = costs.reduce((a, b) => a + b, 0);
  const idle = Array.from({ length: Math.min(cpus, costs.length) }, () => 0);
  return { staying: 1 / busiest(costs, idle), moving: 1 / Math.max(all / cpus, ...costs) };
}

/** What the busiest CPU has to do for a command, with the best of all ways to hand out the processes. `loads`: what each CPU has already. */
function busiest([cost, ...others]: readonly number[], loads: readonly number[]): number {
  if (cost === undefined) return Math.max(...loads);
  return Math.min(...loads.map((load, cpu) => busiest(others, loads.with(cpu, load + cost))));
}

export interface Allowed {
  readonly path: string;
  /** Commands a second: measured. */
  readonly rate: number;
  /** CPU seconds for one command: of the client, and of each server in the order of the path. */
  readonly costs: readonly number[];
  readonly staying: Bound;
  readonly moving: Bound;
  /** CPUs that the client keeps busy. */
  readonly clientCpus: number;
}

export interface Bound {
  readonly rate: number;
  /** What was measured, times the bound. */
  readonly reached: number;
  /** The bound, times the measured rate of the direct path; null for that one, or where it was not measured. */
  readonly toDirect: number | null;
}

/** Medians of what each round says. Without paths that were not measured, or not with their client's CPU. */
export function allowed({ samples, machine }: Result, workload: string): Allowed[] {
  const ofWorkload = samples[workload] ?? {};
  const direct = ofWorkload[DIRECT]?.map(rateOf);
  return PATHS.flatMap((path) => {
    const ofPath = ofWorkload[path] ?? [];
    const costs = ofPath.map(costsOf);
    if (ofPath.length === 0 || costs.some((each) => each === null)) return [];
    const known = costs.filter((each) => each !== null);
    const rates = ofPath.map(rateOf);
    const bound = (which: keyof Bounds): Bound => {
      const bounds = known.map((each) => boundsOf(each, machine.cpus)[which]);
      return {
        rate: median(bounds),
        reached: ratios(rates, bounds).median,
        toDirect: path === DIRECT || direct === undefined ? null : ratios(bounds, direct).median,
      };
    };
    const medians = (known[0] ?? []).map((_, i) => median(known.map((each) => each[i] ?? 0)));
    const clientCpus = median(known.map(([client = 0], i) => client * (rates[i] ?? 0)));
    const [staying, moving] = [bound('staying'), bound('moving')];
    return [{ path, rate: median(rates), costs: medians, staying, moving, clientCpus }];
  });
}

function costsOf({ clientCpuSeconds, cpuSeconds }: Sample): number[] | null {
  if (clientCpuSeconds === undefined) return null;
  return [clientCpuSeconds, ...Object.values(cpuSeconds)].map((seconds) => seconds / 100_000);
}
