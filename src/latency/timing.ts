import type { Lease } from '../buffers/buffer-pool.ts';
import type { Clock } from '../env/clock.ts';
import { type Kind, Path, Stage, stageNames } from './stage.ts';
import type { Stages } from './stages.ts';

const NO_BYTES = new Uint8Array(0);
const NOT_ENTERED = -1;
const STAGES = stageNames.length;

/**
 * The times of one command that is timed. It is told what the command waits for from now on, and adds up; what it has found is counted
 * when it is released, once: as the lease on nothing that goes out behind the answer. A command that ends without an answer counts nowhere.
 */
export class Timing implements Lease {
  readonly bytes = NO_BYTES;
  readonly #clock: Clock;
  readonly #stages: Stages;
  readonly #kind: Kind;
  /** Milliseconds, of the clock. */
  readonly #arrived: number;
  #path: Path;
  #stage: Stage = Stage.received;
  #since: number;
  /** Milliseconds by stage. */
  readonly #spent = new Array<number>(STAGES).fill(NOT_ENTERED);

  constructor(clock: Clock, stages: Stages, path: Path, kind: Kind, arrived: number) {
    this.#clock = clock;
    this.#stages = stages;
    this.#path = path;
    this.#kind = kind;
    this.#arrived = arrived;
    this.#since = arrived;
    this.enter(Stage.queued);
  }

  /** What was waited for is here, and this is waited for now. */
  enter(stage: Stage): void {
    if (stage === this.#stage) return;
    this.#leave(this.#clock.now());
    this.#stage = stage;
    if (stage === Stage.forwarded) this.#path = Path.proxied;
  }

  release(): void {
    const now = this.#clock.now();
    this.#leave(now);
    const { stages, total } = this.#stages.timesOf(this.#path, this.#kind);
    for (let stage = 0; stage < STAGES; stage += 1) {
      const milliseconds = this.#spent[stage] ?? NOT_ENTERED;
      if (milliseconds !== NOT_ENTERED) stages[stage]?.record(milliseconds * 1000);
    }
    total.record((now - this.#arrived) * 1000);
  }

  #leave(now: number): void {
    const spent = this.#spent[this.#stage] ?? NOT_ENTERED;
    this.#spent[this.#stage] = (spent === NOT_ENTERED ? 0 : spent) + now - this.#since;
    this.#since = now;
  }
}
