import type { Errno, Extent, Space } from '../../env/disk.ts';
import type { BlockStore, StoreDone } from '../block-store.ts';
import { RunningCalls } from '../running-calls.ts';

export interface MemoryStoreOptions {
  /** A multiple of `blockLength`. */
  readonly byteLength: number;
  readonly blockLength: number;
  /** Default: true. False: as a device that can't discard. */
  readonly thin?: boolean;
  /** Runs a call later; without it, every call has ended before it returns. */
  readonly later?: (run: () => void) => void;
}

/** Blocks that are kept and dropped together. */
const BLOCKS_PER_CHUNK = 128;

interface Chunk {
  readonly bytes: Uint8Array;
  /** 1 for each mapped block. Unmapped ones are zero in `bytes`. */
  readonly mapped: Uint8Array;
}

/** A sparse store in memory, for tests and the simulator. It forgets everything when the process ends. */
export class MemoryStore implements BlockStore {
  readonly blockLength: number;
  byteLength: number;
  /** Nothing outlives the process, so a flush promises nothing more than a write. */
  readonly writeCache = false;
  readonly thin: boolean;
  readonly #chunkLength: number;
  readonly #chunks = new Map<number, Chunk>();
  readonly #later: ((run: () => void) => void) | null;
  readonly #running = new RunningCalls();

  constructor(options: MemoryStoreOptions) {
    this.blockLength = options.blockLength;
    this.byteLength = options.byteLength;
    this.thin = options.thin ?? true;
    this.#chunkLength = options.blockLength * BLOCKS_PER_CHUNK;
    this.#later = options.later ?? null;
  }

  readCached(position: number, buffer: Uint8Array): boolean {
    if (this.#later !== null) return false;
    this.#copyOut(position, buffer);
    return true;
  }

  read(position: number, buffer: Uint8Array, done: StoreDone): void {
    this.#run(done, () => this.#copyOut(position, buffer));
  }

  write(position: number, buffer: Uint8Array, _durable: boolean, done: StoreDone): void {
    this.#run(done, () => this.#copyIn(position, buffer));
  }

  flush(done: StoreDone): void {
    this.#run(done, () => {});
  }

  unmap(position: number, length: number, done: StoreDone): void {
    this.#run(done, () => this.#forget(position, length));
  }

  writeZeroes(position: number, length: number, done: StoreDone): void {
    this.#run(done, () => this.#forget(position, length));
  }

  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void {
    let extent: Extent | null = null;
    this.#run(
      (error) => done(error, extent),
      () => {
        extent = this.#extent(position);
      },
    );
  }

  grow(byteLength: number, done: StoreDone): void {
    this.#run(done, () => {
      this.byteLength = byteLength;
    });
  }

  space(done: (error: Errno | null, space: Space | null) => void): void {
    let space: Space | null = null;
    this.#run(
      (error) => done(error, space),
      () => {
        const mapped = (sum: number, chunk: Chunk) => chunk.mapped.reduce((count, bit) => count + bit, sum);
        const usedBytes = [...this.#chunks.values()].reduce(mapped, 0) * this.blockLength;
        space = { usedBytes, freeBytes: this.byteLength - usedBytes };
      },
    );
  }

  close(): Promise<void> {
    return this.#running.ended();
  }

  #run(done: StoreDone, effect: () => void): void {
    const ended = this.#running.begin(done);
    const run = (): void => {
      effect();
      ended(null);
    };
    if (this.#later === null) run();
    else this.#later(run);
  }

  #copyOut(position: number, buffer: Uint8Array): void {
    this.#eachPiece(position, buffer.length, (index, start, end, at) => {
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) buffer.fill(0, at, at + end - start);
      else buffer.set(chunk.bytes.subarray(start, end), at);
    });
  }

  #copyIn(position: number, buffer: Uint8Array): void {
    this.#eachPiece(position, buffer.length, (index, start, end, at) => {
      const chunk = this.#chunks.get(index) ?? this.#addChunk(index);
      chunk.bytes.set(buffer.subarray(at, at + end - start), start);
      chunk.mapped.fill(1, start / this.blockLength, end / this.blockLength);
    });
  }

  #addChunk(index: number): Chunk {
    const chunk = { bytes: new Uint8Array(this.#chunkLength), mapped: new Uint8Array(BLOCKS_PER_CHUNK) };
    this.#chunks.set(index, chunk);
    return chunk;
  }

  #forget(position: number, length: number): void {
    this.#eachPiece(position, length, (index, start, end) => {
      const chunk = this.#chunks.get(index);
      if (chunk === undefined) return;
      chunk.bytes.fill(0, start, end);
      chunk.mapped.fill(0, start / this.blockLength, end / this.blockLength);
      if (!chunk.mapped.includes(1)) this.#chunks.delete(index);
    });
  }

  /** Calls `each` with [start, end) inside chunk `index`, and how far into the whole range that is. */
  #eachPiece(
    position: number,
    length: number,
    each: (index: number, start: number, end: number, at: number) => void,
  ): void {
    for (let at = 0; at < length; ) {
      const index = Math.floor((position + at) / this.#chunkLength);
      const start = position + at - index * this.#chunkLength;
      const end = Math.min(this.#chunkLength, start + length - at);
      each(index, start, end, at);
      at += end - start;
    }
  }

  #extent(position: number): Extent {
    const allocated = this.#isMapped(position);
    let end = position + this.blockLength;
    while (end < this.byteLength && this.#isMapped(end) === allocated) end = this.#nextToCheck(end);
    return { position, length: Math.min(end, this.byteLength) - position, allocated };
  }

  #isMapped(position: number): boolean {
    const index = Math.floor(position / this.#chunkLength);
    const block = (position - index * this.#chunkLength) / this.blockLength;
    return this.#chunks.get(index)?.mapped[block] === 1;
  }

  /** The next block; of a chunk that is not there, the next chunk's first. */
  #nextToCheck(position: number): number {
    const index = Math.floor(position / this.#chunkLength);
    return this.#chunks.has(index) ? position + this.blockLength : (index + 1) * this.#chunkLength;
  }
}
