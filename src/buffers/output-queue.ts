/**
 * What a connection is about to send. Everything that one loop turn puts in goes out in one write; small pieces are
 * copied side by side into a slab, large ones go by reference. Urgent messages overtake those that
 * wait, never in the middle of one.
 */
import type { Clock } from '../env/clock.ts';
import type { ByteStream } from '../env/network.ts';
import type { BufferPool, Lease } from './buffer-pool.ts';

/** Pieces up to this many bytes are copied: cheaper than an entry in the vector of the system call. */
const COPY_UP_TO = 8192;
/** The first slab of a batch: a header with a small block of data, or a few headers. And those behind it. */
const FIRST_SLAB_LENGTH = 8192;
const SLAB_LENGTH = 65536;
/** A batch is closed at the first end of a message past this. */
const BATCH_LENGTH = 262144;
/** The stream is handed no more while it holds this much: what waits here can still be overtaken. */
const HIGH_WATER = 1048576;
/** Nor while it has this many batches: each holds a slab, however little is in it. */
const MAX_WRITES = 64;

/** Chunks of whole messages, and the leases to release when they are sent. */
class Batch {
  readonly chunks: Uint8Array[] = [];
  readonly leases: Lease[] = [];
  bytes = 0;
  #slab: Uint8Array | null = null;
  #from = 0;
  #used = 0;

  copy(bytes: Uint8Array, pool: BufferPool): void {
    if (this.#slab === null || this.#used + bytes.length > this.#slab.length)
      this.#nextSlab(bytes.length, pool);
    this.#slab?.set(bytes, this.#used);
    this.#used += bytes.length;
    this.bytes += bytes.length;
  }

  refer(bytes: Uint8Array): void {
    this.#closeRun();
    this.chunks.push(bytes);
    this.bytes += bytes.length;
  }

  close(): void {
    this.#closeRun();
  }

  #nextSlab(atLeast: number, pool: BufferPool): void {
    this.#closeRun();
    const lease = pool.take(Math.max(atLeast, this.#slab === null ? FIRST_SLAB_LENGTH : SLAB_LENGTH));
    this.leases.push(lease);
    this.#slab = lease.bytes;
    this.#from = 0;
    this.#used = 0;
  }

  /** What was copied since the last chunk becomes a chunk. */
  #closeRun(): void {
    if (this.#slab === null || this.#used === this.#from) return;
    this.chunks.push(this.#slab.subarray(this.#from, this.#used));
    this.#from = this.#used;
  }
}

export class OutputQueue {
  /** Bytes that the stream's kernel has taken so far. */
  bytesTaken = 0;
  readonly #stream: ByteStream;
  readonly #clock: Clock;
  readonly #pool: BufferPool;
  #urgent = new Batch();
  #open = new Batch();
  readonly #waiting: Batch[] = [];
  #handedOver = 0;
  #writes = 0;
  /** The batch that the stream was given last, while it has it. */
  #lastHandedOver: Batch | null = null;
  #flushAsked = false;
  #dropped = false;
  readonly #flush = (): void => {
    this.#flushAsked = false;
    this.#handOver();
  };

  constructor(stream: ByteStream, clock: Clock, pool: BufferPool) {
    this.#stream = stream;
    this.#clock = clock;
    this.#pool = pool;
  }

  /** Bytes that were put in and not yet taken by the stream's kernel. */
  get unsentBytes(): number {
    let bytes = this.#handedOver + this.#urgent.bytes + this.#open.bytes;
    for (const batch of this.#waiting) bytes += batch.bytes;
    return bytes;
  }

  /** A piece of a message: copied, so the caller may reuse it at once. */
  put(bytes: Uint8Array): void {
    this.#open.copy(bytes, this.#pool);
    this.#askFlush();
  }

  /**
   * A piece of a message, at least one byte long, that is not copied if it is large: it must not change until it
   * has been sent. With `lease`, which holds this piece and perhaps earlier ones, the lease is the queue's from
   * here: it is released when all of them are sent, or the stream has died.
   */
  lend(bytes: Uint8Array, lease: Lease | null): void {
    const copied = bytes.length <= COPY_UP_TO;
    if (copied) this.#open.copy(bytes, this.#pool);
    else this.#open.refer(bytes);
    if (lease !== null) {
      if (this.#dropped || (copied && lease.bytes.length === bytes.length)) lease.release();
      else this.#open.leases.push(lease);
    }
    this.#askFlush();
  }

  /**
   * Releases a lease of which pieces were lent before without it, when all that was lent so far is sent. A stream that was ended, and whose
   * queue is dropped, may still be sending what it has been given.
   */
  releaseWhenSent(lease: Lease): void {
    const last = this.#open.bytes > 0 ? this.#open : (this.#waiting.at(-1) ?? this.#lastHandedOver);
    if (last === null) lease.release();
    else last.leases.push(lease);
  }

  /**
   * The message is whole: something urgent may go between it and the next one. A full batch does not wait for
   * the end of the turn, so that the peer takes it while the next one is made.
   */
  endMessage(): void {
    if (this.#open.bytes < BATCH_LENGTH) return;
    this.#waiting.push(this.#open);
    this.#open = new Batch();
    if (!this.#dropped && this.#streamTakesMore) this.#handOver();
  }

  /** A whole message that may overtake what waits. */
  putUrgent(message: Uint8Array): void {
    this.#urgent.copy(message, this.#pool);
    this.#askFlush();
  }

  /** The stream has died: gives back what has not been handed over. Later pieces are dropped. */
  drop(): void {
    this.#dropped = true;
    for (const batch of [this.#urgent, ...this.#waiting, this.#open]) releaseAll(batch);
    this.#waiting.length = 0;
    this.#urgent = new Batch();
    this.#open = new Batch();
  }

  /** Hands over everything now, as far as the stream takes it: before the stream is ended. */
  flush(): void {
    this.#handOver();
  }

  #askFlush(): void {
    if (this.#flushAsked) return;
    this.#flushAsked = true;
    this.#clock.endOfTurn(this.#flush);
  }

  #handOver(): void {
    if (this.#dropped) return this.drop();
    if (this.#urgent.bytes > 0) {
      const urgent = this.#urgent;
      this.#urgent = new Batch();
      this.#write(urgent);
    }
    while (this.#streamTakesMore) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#write(next);
    }
    if (this.#streamTakesMore && this.#open.bytes > 0) {
      const open = this.#open;
      this.#open = new Batch();
      this.#write(open);
    }
  }

  get #streamTakesMore(): boolean {
    return this.#handedOver < HIGH_WATER && this.#writes < MAX_WRITES;
  }

  #write(batch: Batch): void {
    batch.close();
    const bytes = batch.bytes;
    this.#handedOver += bytes;
    this.#writes += 1;
    this.#lastHandedOver = batch;
    this.#stream.write(batch.chunks, () => {
      this.#handedOver -= bytes;
      this.bytesTaken += bytes;
      this.#writes -= 1;
      if (this.#lastHandedOver === batch) this.#lastHandedOver = null;
      releaseAll(batch);
      if (!this.#flushAsked && (this.#waiting.length > 0 || this.#open.bytes > 0)) this.#handOver();
    });
  }
}

function releaseAll(batch: Batch): void {
  for (const lease of batch.leases) lease.release();
}
