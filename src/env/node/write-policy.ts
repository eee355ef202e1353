import { DiskLimits } from '../../limits.ts';

/**
 * Decides where a write to the page cache runs: on the loop, which is several times cheaper, or in the thread
 * pool, where it may wait. The kernel has no usable way to say "only if it needs no waiting" for writes
 * (docs/decisions/0002-writes-on-the-loop.md), so this learns it: a write on the loop that was slow sends the writes
 * that follow to the pool for a rest, and each rest is twice as long as the one before if that was not long ago.
 * One per file.
 */
export class WritePolicy {
  readonly #now: () => number;
  #restMilliseconds = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;

  /** `now`: monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Whether a write of `length` bytes may run on the loop. While the file is being flushed it may not: the
   * write could wait for the journal or for a page on its way to the medium.
   */
  allowsLoop(length: number, flushing: boolean): boolean {
    return length <= DiskLimits.loopWriteLength && !flushing && this.#now() >= this.#restsUntil;
  }

  /** A write ran on the loop from `start` until now. */
  ranOnLoop(start: number): void {
    const end = this.#now();
    if (end - start <= DiskLimits.slowWriteMilliseconds) return;
    const calm = end - this.#restsUntil > CALM_RESTS * this.#restMilliseconds;
    this.#restMilliseconds = calm
      ? DiskLimits.restMilliseconds
      : Math.min(this.#restMilliseconds * 2, DiskLimits.maxRestMilliseconds);
    this.#restsUntil = end + this.#restMilliseconds;
  }
}

/** After that many times its last rest without a slow write, a file begins with the shortest rest again. */
const CALM_RESTS = 8;
