/** Small loops over one part of the program each: nanoseconds an operation, for comparing two versions of it. */

import type { Bench, Report, SubCommand } from '../bench.ts';
import { spread } from '../statistics.ts';
import { formatTable } from '../table.ts';
import { measureAllocations } from './allocations/allocations.ts';
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

const All: readonly (() => readonly MicroBenchmark[] | Promise<readonly MicroBenchmark[]>)[] = [
  deframer,
  bufferPool,
  crc32cBenchmarks,
  routerBenchmarks,
  sessionBenchmarks,
];

export const micro: SubCommand = {
  summary: 'parts of the program, in this process',
  help: `Nanoseconds an operation of each part whose name holds the filter.
micro allocations: bytes and objects that 1,000 commands allocate, and where.`,
  rounds: BATCHES,
  seconds: null,
  run: (bench, filter) =>
    filter === 'allocations' ? measureAllocations(bench) : measureMicro(bench, filter),
};

async function measureMicro({ rounds, progress }: Bench, filter: string): Promise<Report> {
  const lines = [['benchmark', 'ns/operation', 'range', 'MB/s']];
  const data: Record<string, number[]> = {};
  for (const benchmark of (await Promise.all(All.map((make) => make()))).flat()) {
    if (!benchmark.name.includes(filter)) continue;
    progress(benchmark.name);
    const each = nanosecondsEach(benchmark, rounds);
    data[benchmark.name] = each;
    const { median, lowest, highest } = spread(each);
    const rate =
      benchmark.bytesPerOperation === 0 ? '' : ((benchmark.bytesPerOperation * 1e3) / median).toFixed(0);
    lines.push([benchmark.name, median.toFixed(0), `${lowest.toFixed(0)} - ${highest.toFixed(0)}`, rate]);
  }
  return { text: formatTable(lines), data };
}

/** One value a batch; the batches before the first long enough one warm up. */
function nanosecondsEach(benchmark: MicroBenchmark, batches: number): number[] {
  let times = 1;
  while (milliseconds(benchmark, times) < BATCH_MILLISECONDS) times *= 2;
  return Array.from({ length: batches }, () => (milliseconds(benchmark, times) * 1e6) / times);
}

function milliseconds(benchmark: MicroBenchmark, times: number): number {
  const start = performance.now();
  benchmark.run(times);
  return performance.now() - start;
}
