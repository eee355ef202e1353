/**
 * Buffers for data in flight, and the count of them. Everything that a system holds of a command's data is
 * leased from one pool, so that its peak shows how much memory commands can take.
 */
import { alignedBytes } from '../sys/aligned-memory.ts';

export interface Lease {
  /** Exactly the bytes asked for, at an address that suits direct I/O. They may hold old data: fill them before you show them to anyone. */
  readonly bytes: Uint8Array;
  /** Gives the buffer back. Exactly once; `bytes` must not be touched after it. */
  release(): void;
}

const SMALLEST = 4096;
const LARGEST = 1 << 20;
const CLASSES = Math.log2(LARGEST / SMALLEST) + 1;

export class BufferPool {
  /** Bytes out on lease, and the most there ever were (see `resetPeak`). Counted as asked for. */
  leasedBytes = 0;
  peakLeasedBytes = 0;
  readonly #free: Uint8Array[][] = Array.from({ length: CLASSES }, () => []);
  #freeBytes = 0;
  readonly #keepBytes: number;

  /** `keepBytes`: how much is kept for reuse when nothing is leased. */
  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes;
  }

  /** A buffer of `length` bytes, 0 or more. */
  take(length: number): Lease {
    this.leasedBytes += length;
    if (this.leasedBytes > this.peakLeasedBytes) this.peakLeasedBytes = this.leasedBytes;
    return new PooledLease(this, this.#slab(length), length);
  }

  resetPeak(): void {
    this.peakLeasedBytes = this.leasedBytes;
  }

  #slab(length: number): Uint8Array {
    if (length > LARGEST) return alignedBytes(length);
    const sizeClass = classOf(length);
    const kept = this.#free[sizeClass]?.pop();
    if (kept === undefined) return alignedBytes(SMALLEST << sizeClass);
    this.#freeBytes -= kept.length;
    return kept;
  }

  /** For PooledLease alone. */
  takeBack(slab: Uint8Array, length: number): void {
    this.leasedBytes -= length;
    if (slab.length > LARGEST || this.#freeBytes + slab.length > this.#keepBytes) return;
    this.#freeBytes += slab.length;
    this.#free[classOf(slab.length)]?.push(slab);
  }
}

class PooledLease implements Lease {
  readonly bytes: Uint8Array;
  readonly #pool: BufferPool;
  #slab: Uint8Array | null;

  constructor(pool: BufferPool, slab: Uint8Array, length: number) {
    this.#pool = pool;
    this.#slab = slab;
    this.bytes = slab.length === length ? slab : slab.subarray(0, length);
  }

  release(): void {
    const slab = this.#slab;
    if (slab === null) throw new Error('a buffer was released twice');
    this.#slab = null;
    this.#pool.takeBack(slab, this.bytes.length);
  }
}

/** 0 for up to SMALLEST bytes, 1 for up to twice that, and so on. */
function classOf(length: number): number {
  return length <= SMALLEST ? 0 : 32 - Math.clz32((length - 1) >>> 12);
}
