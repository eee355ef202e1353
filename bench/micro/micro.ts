/** Small loops over one part of the program each: nanoseconds an operation, for comparing two versions of it. */

import type { Bench, Report, SubCommand } from '../bench.ts';
import { spread } from '../statistics.ts';
import { formatTable } from '../table.ts';
import { measureAllocations } from './allocations/allocations.ts';
import { bufferPool } from './buffer-pool.ts';
import { codecBenchmarks } from './codec/codec.ts';
import { crc32cBenchmarks } from './crc32c.ts';
import { deframer } from './deframer.ts';
import { ringBenchmarks } from './disk/ring.ts';
import { storeBenchmarks } from './disk/store.ts';
import { routerBenchmarks } from './router.ts';
import { sessionBenchmarks } from './session.ts';

export interface MicroBenchmark {
  readonly name: string;
  /** Of payload; 0 where there is none. */
  readonly bytesPerOperation: number;
  /** Before the first run. Gives why it can't run on this machine, or null. */
  begin?(): Promise<string | null>;
  /** Does the operation that many times. */
  run(times: number): void | Promise<void>;
  /** What it has had done so far. */
  counts?(): Counts;
  /** After the last run. */
  end?(): Promise<void>;
}

/** System calls, and what else can be counted, by name. */
export type Counts = Readonly<Record<string, number>>;

const BATCHES = 7;
const BATCH_MILLISECONDS = 150;

type Make = (bench: Bench) => readonly MicroBenchmark[] | Promise<readonly MicroBenchmark[]>;

const All: readonly Make[] = [
  codecBenchmarks,
  deframer,
  bufferPool,
  crc32cBenchmarks,
  routerBenchmarks,
  sessionBenchmarks,
  storeBenchmarks,
  ringBenchmarks,
];

export const micro: SubCommand = {
  summary: 'parts of the program, in this process',
  help: `Nanoseconds an operation of each part whose name holds the filter, and system calls where there are any:

  codec        PDUs of a read and a write of 4 KiB, and frames of the interconnect
  deframer     frames out of what was received
  buffer pool  leases
  CRC32C       in JavaScript, and by the faster way
  router       with a local unit in memory
  session      an iSCSI session on that, in a memory pipe
  relay        the same through a proxy, a link of memory, and the owner
  store        a file: cached reads, writes on the loop, flushes
  ring         the queue for what may wait for a disk: io_uring, and the thread pool

micro allocations: bytes and objects that 1,000 commands allocate, and where.`,
  words: null,
  rounds: BATCHES,
  seconds: null,
  run: (bench, filter) =>
    filter === 'allocations' ? measureAllocations(bench) : measureMicro(bench, filter),
};

export async function microBenchmarks(bench: Bench): Promise<readonly MicroBenchmark[]> {
  return (await Promise.all(All.map((make) => make(bench)))).flat();
}

async function measureMicro(bench: Bench, filter: string): Promise<Report> {
  const lines = [['benchmark', 'ns/operation', 'range', 'MB/s', 'calls of each']];
  const data: Record<string, object> = {};
  for (const benchmark of await microBenchmarks(bench)) {
    const { name, bytesPerOperation } = benchmark;
    if (!name.includes(filter)) continue;
    bench.progress(name);
    const missing = (await benchmark.begin?.()) ?? null;
    if (missing !== null) {
      lines.push([name, 'none:', missing, '', '']);
      data[name] = { missing };
      continue;
    }
    const { nanoseconds, counts } = await measure(benchmark, bench.rounds);
    await benchmark.end?.();
    data[name] = { nanoseconds, counts };
    const { median, lowest, highest } = spread(nanoseconds);
    const rate = bytesPerOperation === 0 ? '' : ((bytesPerOperation * 1e3) / median).toFixed(0);
    const range = `${lowest.toFixed(0)} - ${highest.toFixed(0)}`;
    lines.push([name, median.toFixed(0), range, rate, countsText(counts)]);
  }
  return { text: formatTable(lines), data };
}

/** One time a batch; the batches before the first long enough one warm up. `counts`: of one operation. */
async function measure(benchmark: MicroBenchmark, batches: number) {
  let times = 1;
  while ((await milliseconds(benchmark, times)) < BATCH_MILLISECONDS) times *= 2;
  const before = benchmark.counts?.() ?? {};
  const nanoseconds: number[] = [];
  for (let i = 0; i < batches; i++) nanoseconds.push(((await milliseconds(benchmark, times)) * 1e6) / times);
  const after = Object.entries(benchmark.counts?.() ?? {});
  const each = after.map(([name, count]) => [name, (count - (before[name] ?? 0)) / (batches * times)]);
  const counts: Counts = Object.fromEntries(each);
  return { nanoseconds, counts };
}

async function milliseconds(benchmark: MicroBenchmark, times: number): Promise<number> {
  const start = performance.now();
  await benchmark.run(times);
  return performance.now() - start;
}

/** "1.00 read, 0.03 io_uring_enter": what there was less than one of in 200 is left out. */
export function countsText(counts: Counts): string {
  return Object.entries(counts)
    .filter(([, count]) => count >= 0.005)
    .map(([name, count]) => `${count.toFixed(2)} ${name}`)
    .join(', ');
}
