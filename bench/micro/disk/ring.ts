/** Reads of a file that is in the page cache, through the queue for what may wait for a medium: what it costs to leave the loop and come back. */
import { type FileHandle, open } from 'node:fs/promises';
import type { DiskQueueKind } from '../../../src/env/node/disk-queue/open-disk-queue.ts';
import { errnoName } from '../../../src/sys/libc.ts';
import type { Bench } from '../../bench.ts';
import type { Counts, MicroBenchmark } from '../micro.ts';
import { type CountingQueue, countingQueue } from './counting-queue.ts';
import { placeOf, smallFile } from './small-file.ts';
import { keepUnderWay } from './under-way.ts';

export function ringBenchmarks(bench: Bench): MicroBenchmark[] {
  const kinds: readonly DiskQueueKind[] = ['io_uring', 'threads'];
  return kinds.flatMap((kind) =>
    [4096, 262_144].flatMap((length) => [1, 32].map((depth) => new QueueReads(bench, kind, length, depth))),
  );
}

class QueueReads implements MicroBenchmark {
  readonly name: string;
  readonly bytesPerOperation: number;
  readonly #bench: Bench;
  readonly #kind: DiskQueueKind;
  readonly #buffers: readonly Uint8Array[];
  #open: { readonly file: FileHandle; readonly queue: CountingQueue } | null = null;

  constructor(bench: Bench, kind: DiskQueueKind, length: number, depth: number) {
    const way = kind === 'io_uring' ? 'io_uring' : 'thread pool';
    this.name = `ring, ${way}, read ${length} bytes, ${depth} at a time`;
    this.bytesPerOperation = length;
    this.#bench = bench;
    this.#kind = kind;
    this.#buffers = Array.from({ length: depth }, () => new Uint8Array(length));
  }

  async begin(): Promise<string | null> {
    const { queue, threadsBecause } = countingQueue(this.#kind);
    if (threadsBecause !== null) return threadsBecause;
    this.#open = { queue, file: await open(await smallFile(this.#bench.workspace)) };
    return null;
  }

  run(times: number): Promise<void> {
    const { queue, file } = this.#opened();
    const length = this.bytesPerOperation;
    return keepUnderWay(times, this.#buffers.length, (i, slot, done) => {
      const buffer = this.#buffers[slot] ?? new Uint8Array(0);
      queue.read(file.fd, buffer, placeOf(i, length), false, (result) => {
        if (result === length) done(null);
        else done(result < 0 ? errnoName(result) : `${result} bytes instead of ${length}`);
      });
    });
  }

  counts(): Counts {
    return this.#opened().queue.systemCalls();
  }

  async end(): Promise<void> {
    await this.#opened().file.close();
  }

  #opened() {
    if (this.#open === null) throw new Error('not begun');
    return this.#open;
  }
}
