/** Small loops over one part of the program each: nanoseconds an operation, for comparing two versions of it. */

import { spread } from '../statistics.ts';
import { formatTable } from '../table.ts';
import { bufferPool } from './buffer-pool.ts';
import { crc32cBenchmarks } from './crc32c.ts';
import { deframer } from './deframer.ts';
import { routerBenchmarks } from './router.ts';
import { sessionBenchmarks } from './session.ts';

export interface MicroBenchmark {
  readonly name: string;
  /** Of payload; 0 where there is none. */
  readonly bytesPerOperation: number;
  /** Does the operation that many times. */
  run(times: number): void;
}

const BATCHES = 7;
const BATCH_MILLISECONDS = 150;

const All: readonly (() => readonly MicroBenchmark[])[] = [
  deframer,
  bufferPool,
  crc32cBenchmarks,
  routerBenchmarks,
  sessionBenchmarks,
];

export function runMicro(filter: string): void {
  const lines = [['benchmark', 'ns/operation', 'range', 'MB/s']];
  for (const benchmark of All.flatMap((make) => make())) {
    if (!benchmark.name.includes(filter)) continue;
    const { median, lowest, highest } = spread(nanosecondsEach(benchmark));
    const rate =
      benchmark.bytesPerOperation === 0 ? '' : ((benchmark.bytesPerOperation * 1e3) / median).toFixed(0);
    lines.push([benchmark.name, median.toFixed(0), `${lowest.toFixed(0)} - ${highest.toFixed(0)}`, rate]);
  }
  console.log(formatTable(lines));
}

/** One value a batch; the batches before the first long enough one warm up. */
function nanosecondsEach(benchmark: MicroBenchmark): number[] {
  let times = 1;
  while (milliseconds(benchmark, times) < BATCH_MILLISECONDS) times *= 2;
  return Array.from({ length: BATCHES }, () => (milliseconds(benchmark, times) * 1e6) / times);
}

function milliseconds(benchmark: MicroBenchmark, times: number): number {
  const start = performance.now();
  benchmark.run(times);
  return performance.now() - start;
}
