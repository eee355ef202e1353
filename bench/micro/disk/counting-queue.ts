import type { CallDone, DiskQueue } from '../../../src/env/node/disk-queue/disk-queue.ts';
import { type DiskQueueKind, openDiskQueue } from '../../../src/env/node/disk-queue/open-disk-queue.ts';
import { IoUring } from '../../../src/sys/io-uring.ts';
import { ownIoCalls } from '../../proc.ts';
import type { Counts } from '../micro.ts';

/** The product's own queue, and what it is asked for. */
export class CountingQueue implements DiskQueue {
  /** Reads and writes that left the loop. */
  handedOver = 0;
  #flushes = 0;
  readonly #queue: DiskQueue;

  constructor(queue: DiskQueue) {
    this.#queue = queue;
  }

  read(fd: number, buffer: Uint8Array, position: number, readsAhead: boolean, done: CallDone): void {
    this.handedOver += 1;
    this.#queue.read(fd, buffer, position, readsAhead, done);
  }

  write(fd: number, buffer: Uint8Array, position: number, done: CallDone): void {
    this.handedOver += 1;
    this.#queue.write(fd, buffer, position, done);
  }

  flush(fd: number, done: CallDone): void {
    this.#flushes += 1;
    this.#queue.flush(fd, done);
  }

  allocate(fd: number, mode: number, position: number, length: number, done: CallDone): void {
    this.#queue.allocate(fd, mode, position, length, done);
  }

  /** System calls of this process, but fdatasync: of this queue, by either way. */
  systemCalls(): Counts {
    const { reads, writes } = ownIoCalls();
    return { read: reads, write: writes, fdatasync: this.#flushes, io_uring_enter: entered };
  }
}

let entered = 0;
const opened = new Map<DiskQueueKind, CountedQueue>();

export interface CountedQueue {
  readonly queue: CountingQueue;
  /** Why it is none of io_uring, which was wanted; else null. */
  readonly threadsBecause: string | null;
}

/** One of each kind for all: like the product's it stays open for as long as the process. */
export function countingQueue(wanted: DiskQueueKind): CountedQueue {
  const found = opened.get(wanted);
  if (found !== undefined) return found;
  const { queue, kind, threadsBecause } = openDiskQueue(wanted);
  if (kind === 'io_uring') countSubmissions();
  const made = { queue: new CountingQueue(queue), threadsBecause };
  opened.set(wanted, made);
  return made;
}

/** The ring of a queue is its own: what it submits can be seen at the prototype alone. One call takes all that is prepared. */
function countSubmissions(): void {
  const { submit } = IoUring.prototype;
  IoUring.prototype.submit = function countedSubmit() {
    if (this.prepared > 0) entered += 1;
    return submit.call(this);
  };
}
