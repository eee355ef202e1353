import type { Stages } from '../../src/latency/stages.ts';

/** By path and kind: how many commands each stage has counted. */
export function latencyCounts(stages: Stages): Record<string, Record<string, number>> {
  return Object.fromEntries(
    stages.latencies().map(({ path, kind, stages: entered, total }) => {
      const each = Object.entries(entered).map(([name, { count }]) => [name, count]);
      return [`${path} ${kind}`, { ...Object.fromEntries(each), total: total.count }];
    }),
  );
}
