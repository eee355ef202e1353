import type { DiskDone, Errno } from '../disk.ts';

/**
 * Group commit: one flush at a time, for all calls of a loop turn. Those that come while it runs share the next one. They can't share
 * the running one, which may have begun before their writes were there.
 */
export class GroupFlush {
  readonly #start: (done: DiskDone) => void;
  readonly #endOfTurn: (run: () => void) => void;
  #running = false;
  #next: DiskDone[] = [];

  /** `start` begins one flush, and calls back later. `endOfTurn`: the clock's. */
  constructor(start: (done: DiskDone) => void, endOfTurn: (run: () => void) => void) {
    this.#start = start;
    this.#endOfTurn = endOfTurn;
  }

  get running(): boolean {
    return this.#running;
  }

  join(done: DiskDone): void {
    this.#next.push(done);
    // Who is first asks for the rest of its turn; a flush that runs asks for those behind it.
    if (!this.#running && this.#next.length === 1) this.#endOfTurn(() => this.#becomeRunning());
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
