import type { Clock, Timer } from '../../src/env/clock.ts';
import { NodeClock } from '../../src/env/node/clock.ts';

/** A clock that the test moves on. The turns of the loop are the real ones. */
export class ManualClock implements Clock {
  readonly #turns = new NodeClock();
  readonly #timers = new Set<{ readonly at: number; readonly run: () => void }>();
  #now = 0;

  now(): number {
    return this.#now;
  }

  wallTime(): number {
    return this.#now;
  }

  after(milliseconds: number, run: () => void): Timer {
    const timer = { at: this.#now + milliseconds, run };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  endOfTurn(run: () => void): void {
    this.#turns.endOfTurn(run);
  }

  /** Lets that much time pass; every timer that falls due runs, in order. */
  pass(milliseconds: number): void {
    const end = this.#now + milliseconds;
    for (let timer = this.#next(end); timer !== null; timer = this.#next(end)) {
      this.#timers.delete(timer);
      this.#now = timer.at;
      timer.run();
    }
    this.#now = end;
  }

  /** The process is stopped for that long: every timer that fell due meanwhile runs once, when it wakes. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due.sort((a, b) => a.at - b.at)) {
      this.#timers.delete(timer);
      timer.run();
    }
  }

  #next(end: number) {
    const due = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
    return due[0] ?? null;
  }
}
