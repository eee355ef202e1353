import type { DiskDone, Errno } from '../disk.ts';

/**
 * Group commit: one flush at a time, and the calls that come while it runs share the next one. They can't share
 * the running one, which may have begun before their writes were there.
 */
export class GroupFlush {
  readonly #start: (done: DiskDone) => void;
  #running = false;
  #next: DiskDone[] = [];

  /** `start` begins one flush, and calls back later. */
  constructor(start: (done: DiskDone) => void) {
    this.#start = start;
  }

  get running(): boolean {
    return this.#running;
  }

  join(done: DiskDone): void {
    this.#next.push(done);
    if (!this.#running) this.#becomeRunning();
  }

  #becomeRunning(): void {
    const sharers = this.#next;
    this.#next = [];
    this.#running = true;
    this.#start((error) => this.#finished(sharers, error));
  }

  #finished(sharers: readonly DiskDone[], error: Errno | null): void {
    this.#running = false;
    if (this.#next.length > 0) this.#becomeRunning();
    for (const done of sharers) done(error);
  }
}
