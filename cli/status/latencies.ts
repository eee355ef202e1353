/** The latencies of a cluster as rows of the status table. */
import { stageNames } from '../../src/admin/schema.ts';
import type { ClusterStatus } from './merge.ts';
import type { Cell } from './table.ts';

export const latencyTitle = 'Latencies since the start (p50/p99 of the commands that were timed)';

export const latencyHeader = [
  'SYSTEM',
  'PATH',
  'KIND',
  'TIMED',
  ...stageNames.map((name) => name.toUpperCase()),
  'TOTAL',
  'MAX',
];

export function latencyRows({ latencies }: ClusterStatus): Cell[][] {
  return latencies.map(({ system, path, kind, microseconds }) => {
    const stages = stageNames.map((name) => microseconds[name]);
    const { total } = microseconds;
    const shown = [...stages, total].map((one) =>
      one === undefined ? null : `${elapsed(one.p50)}/${elapsed(one.p99)}`,
    );
    return [system, path, kind, total.count, ...shown, elapsed(total.max)];
  });
}

/** Two digits or three, and a unit: '4.2us', '840us', '1.3ms', '62s'. */
export function elapsed(microseconds: number): string {
  const units = ['us', 'ms', 's'];
  let [value, place] = [microseconds, 0];
  for (; value >= 999.5 && place < units.length - 1; place += 1) value /= 1000;
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${units[place]}`;
}
