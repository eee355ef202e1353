import { DiskLimits } from '../../limits.ts';

/** Long reads that are not tried: the first time one was not all there, and at the most. */
const FEWEST_LEFT_OUT = 16;
const MOST_LEFT_OUT = 256;

/**
 * Decides whether a read is tried on the loop, from the page cache. RWF_NOWAIT does not wait for the bytes, but where they are
 * not there it has the kernel read ahead, for a long read megabytes, and to hand those to a busy device may wait. So one long read
 * that was not all there lets the next ones go elsewhere untried, and twice as many each time, until one is there. One per file.
 */
export class ReadPolicy {
  #toLeaveOut = 0;
  #leftOutNext = FEWEST_LEFT_OUT;

  allowsLoop(length: number): boolean {
    if (length < DiskLimits.longReadLength || this.#toLeaveOut === 0) return true;
    this.#toLeaveOut -= 1;
    return false;
  }

  /** A read of `length` bytes was tried on the loop, and found so many of them. */
  tried(length: number, found: number): void {
    if (length < DiskLimits.longReadLength) return;
    if (found === length) {
      this.#leftOutNext = FEWEST_LEFT_OUT;
      return;
    }
    this.#toLeaveOut = this.#leftOutNext;
    this.#leftOutNext = Math.min(MOST_LEFT_OUT, this.#leftOutNext * 2);
  }
}
