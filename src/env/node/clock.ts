import { performance } from 'node:perf_hooks';
import type { Clock, Timer } from '../clock.ts';

export class NodeClock implements Clock {
  #atEndOfTurn: (() => void)[] = [];

  now(): number {
    return performance.now();
  }

  wallTime(): number {
    return Date.now();
  }

  after(milliseconds: number, run: () => void): Timer {
    const timer = setTimeout(run, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  }

  /**
   * One immediate for all: the loop runs it right after it has polled for input. What is asked for while the
   * queue is drained waits for the next turn, so that no flush can starve the input.
   */
  endOfTurn(run: () => void): void {
    this.#atEndOfTurn.push(run);
    if (this.#atEndOfTurn.length === 1) setImmediate(this.#drain);
  }

  readonly #drain = (): void => {
    const runs = this.#atEndOfTurn;
    this.#atEndOfTurn = [];
    for (const run of runs) run();
  };
}
