import type { Clock, Timer } from '../../src/env/clock.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';

/** A timer of a busy loop fires up to this much late (ms). */
const LATENESS = 1;
/** When simulated time begins (ms since 1970): any will do. */
const EPOCH = 1_800_000_000_000;
/** A turn gathers what comes within this time (ms). */
const LONGEST_TURN = 0.05;

/** One process's clock and loop. */
export class SimClock implements Clock {
  readonly #world: World;
  readonly #process: SimProcess;
  #atEndOfTurn: (() => void)[] = [];

  constructor(world: World, process: SimProcess) {
    this.#world = world;
    this.#process = process;
  }

  now(): number {
    return this.#world.now;
  }

  wallTime(): number {
    return EPOCH + Math.floor(this.#world.now);
  }

  after(milliseconds: number, run: () => void): Timer {
    const time = this.#world.now + milliseconds + this.#world.prng.between(0, LATENESS);
    const event = this.#world.at(time, this.#process, run, true);
    return {
      cancel: () => {
        event.run = null;
      },
    };
  }

  endOfTurn(run: () => void): void {
    this.#atEndOfTurn.push(run);
    if (this.#atEndOfTurn.length > 1) return;
    this.#world.after(this.#world.prng.between(0, LONGEST_TURN), this.#process, () => {
      const runs = this.#atEndOfTurn;
      this.#atEndOfTurn = [];
      for (const ending of runs) ending();
    });
  }
}
