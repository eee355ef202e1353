/**
 * How long something has stood still, in looks of one a second rather than by a clock: while the whole process is stopped
 * nobody looks, and what the others did meanwhile, which is still to be read, is not held against them.
 */
import { IscsiLimits } from '../../limits.ts';

export class Standstill {
  #mark: number | null = null;
  #looks = 0;

  /** `mark`: another number whenever there has been progress; null where nothing is waited for. Gives milliseconds. */
  look(mark: number | null): number {
    if (mark === null || mark !== this.#mark) this.#looks = 0;
    else this.#looks += 1;
    this.#mark = mark;
    return this.#looks * IscsiLimits.lookMilliseconds;
  }

  /** Another thing is looked at from now on. */
  reset(): void {
    this.#mark = null;
  }
}
