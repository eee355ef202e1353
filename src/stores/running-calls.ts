import type { StoreDone } from './block-store.ts';

/** Counts the calls of a store that have not ended, so that closing can wait for them. */
export class RunningCalls {
  #count = 0;
  #idle: (() => void) | null = null;

  /** A call begins, and ends with the returned `done`. */
  begin(done: StoreDone): StoreDone {
    this.#count += 1;
    return (error) => {
      this.#count -= 1;
      done(error);
      if (this.#count === 0) this.#idle?.();
    };
  }

  /** Resolves when no call is running. New ones must not begin meanwhile. */
  async ended(): Promise<void> {
    if (this.#count > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }
}
