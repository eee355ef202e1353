/** What issue 2 asks for, as ratios to tgt's direct path in the same run. */

/** Times tgt's rate at the workloads that have a goal; null for a path or workload without one. */
export function goalFor(path: string, workload: string): number | null {
  if (!WithGoals.has(workload)) return null;
  if (path === 'direct') return 2;
  return path === 'proxied-tcp' || path === 'proxied-unix' ? 1 : null;
}

/** MiB resident, a system. */
export const MEMORY_GOAL = 200;

const WithGoals: ReadonlySet<string> = new Set(['read-4k-32', 'write-4k-32', 'read-256k-8', 'write-256k-8']);

export const BASE_PATH = 'tgt';
