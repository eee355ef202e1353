/** The store on a file of this machine's, through the real disk: from the call to its end. */
import { NodeClock } from '../../../src/env/node/clock.ts';
import { NodeDisk } from '../../../src/env/node/disk.ts';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { openFileStore } from '../../../src/stores/file/file-store.ts';
import type { Bench } from '../../bench.ts';
import type { Counts, MicroBenchmark } from '../micro.ts';
import { type CountingQueue, countingQueue } from './counting-queue.ts';
import { FILE_BYTES, placeOf, smallFile } from './small-file.ts';
import { type Done, keepUnderWay } from './under-way.ts';

const BLOCK_LENGTH = 512;
/** Calls that wait for a flush at a time. */
const FLUSHERS = 32;

/** The i-th call of one kind. */
type Call = (store: BlockStore, i: number, done: Done) => void;

export function storeBenchmarks(bench: Bench): MicroBenchmark[] {
  const ofLength = (length: number) => [
    new StoreCalls(bench, `cached read of ${length} bytes`, length, 1, reads(length)),
    new StoreCalls(bench, `write of ${length} bytes`, length, 1, writes(length, false)),
  ];
  return [
    ...[4096, 262_144].flatMap(ofLength),
    new StoreCalls(
      bench,
      `durable write of 4096 bytes, ${FLUSHERS} at a time`,
      4096,
      FLUSHERS,
      writes(4096, true),
    ),
    new StoreCalls(bench, `flush of nothing, ${FLUSHERS} at a time`, 0, FLUSHERS, (store, _, done) =>
      store.flush(done),
    ),
  ];
}

/** As a read command: what the page cache has lost meanwhile goes by the queue. */
function reads(length: number): Call {
  const buffer = new Uint8Array(length);
  return (store, i, done) => {
    const position = placeOf(i, length);
    if (store.readCached(position, buffer)) done(null);
    else store.read(position, buffer, done);
  };
}

function writes(length: number, durable: boolean): Call {
  const buffer = new Uint8Array(length).fill(0x5a);
  return (store, i, done) => store.write(placeOf(i, length), buffer, durable, done);
}

class StoreCalls implements MicroBenchmark {
  readonly name: string;
  readonly bytesPerOperation: number;
  readonly #bench: Bench;
  readonly #depth: number;
  readonly #call: Call;
  #open: { readonly store: BlockStore; readonly queue: CountingQueue } | null = null;

  constructor(bench: Bench, name: string, bytesPerOperation: number, depth: number, call: Call) {
    this.name = `store, ${name}`;
    this.bytesPerOperation = bytesPerOperation;
    this.#bench = bench;
    this.#depth = depth;
    this.#call = call;
  }

  /** With the product's choice of a queue. */
  async begin(): Promise<null> {
    const { queue } = countingQueue('io_uring');
    const path = await smallFile(this.#bench.workspace);
    const size = { byteLength: FILE_BYTES, blockLength: BLOCK_LENGTH };
    const store = await openFileStore(new NodeDisk(new NodeClock(), queue), { path, ...size, create: false });
    this.#open = { store, queue };
    return null;
  }

  run(times: number): Promise<void> {
    const { store } = this.#opened();
    return keepUnderWay(times, this.#depth, (i, _, done) => this.#call(store, i, done));
  }

  counts(): Counts {
    const { queue } = this.#opened();
    return { ...queue.systemCalls(), 'left the loop': queue.handedOver };
  }

  async end(): Promise<void> {
    await this.#opened().store.close();
  }

  #opened() {
    if (this.#open === null) throw new Error('not begun');
    return this.#open;
  }
}
