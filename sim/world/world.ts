/** Time, order and chance: everything that happens in a simulated cluster happens as an event of this queue. */
import { EventQueue, type SimEvent } from './event-queue.ts';
import type { Prng } from './prng.ts';
import { SimProcess } from './process.ts';
import type { Trace } from './trace.ts';

/** What a check has found. It ends the seed. */
export class Violation extends Error {
  readonly kind: string;

  constructor(kind: string, what: string) {
    super(`${kind}: ${what}`);
    this.kind = kind;
  }
}

export class World {
  /** Simulated ms since the start. */
  now = 0;
  readonly prng: Prng;
  readonly trace: Trace;
  eventsRun = 0;
  readonly #queue = new EventQueue();
  #sequence = 0;
  #processes = 0;
  #promises = false;
  /** Of starts and stops that wait for more than the current event. */
  #pending = 0;

  constructor(prng: Prng, trace: Trace) {
    this.prng = prng;
    this.trace = trace;
  }

  newProcess(name: string): SimProcess {
    this.#processes += 1;
    return new SimProcess(this.#processes, name);
  }

  at(time: number, process: SimProcess | null, run: () => void, isTimer = false): SimEvent {
    this.#sequence += 1;
    const isPresent = time <= this.now;
    const event = { time: isPresent ? this.now : time, sequence: this.#sequence, process, run, isTimer };
    if (isPresent) this.#queue.pushPresent(event);
    else this.#queue.push(event);
    return event;
  }

  after(milliseconds: number, process: SimProcess | null, run: () => void): SimEvent {
    return this.at(this.now + milliseconds, process, run);
  }

  /** The event that runs now has begun something with promises: they settle before the next event. */
  usesPromises(): void {
    this.#promises = true;
  }

  /** Promises settle after every event until this one of the process's has, or the process has died. */
  follow(process: SimProcess, promise: Promise<void>): void {
    this.#pending += 1;
    const death = new Promise<void>((resolve) => process.atDeath.push(resolve));
    void Promise.race([promise, death]).finally(() => {
      this.#pending -= 1;
    });
  }

  say(who: string, what: string): void {
    if (this.trace.printing) this.trace.line(`${this.now.toFixed(3).padStart(10)} ${who}: ${what}`);
  }

  pause(process: SimProcess): void {
    process.paused = true;
    this.say(process.name, 'paused');
  }

  /** What waited runs now: in its order, or, as a real loop may, timers before input. */
  resume(process: SimProcess, timersFirst: boolean): void {
    process.paused = false;
    this.say(process.name, 'resumed');
    const waiting = process.waiting.splice(0);
    const ordered = timersFirst
      ? [...waiting.filter(({ isTimer }) => isTimer), ...waiting.filter(({ isTimer }) => !isTimer)]
      : waiting;
    // The entries stay the same objects' own: a timer that is cancelled by what runs before it does not fire.
    for (const event of ordered) this.at(this.now, process, () => event.run?.(), event.isTimer);
  }

  kill(process: SimProcess): void {
    process.alive = false;
    process.paused = false;
    process.waiting.length = 0;
    for (const run of process.atDeath.splice(0)) run();
  }

  /** Runs all events up to `end` (simulated ms). */
  async run(end: number): Promise<void> {
    for (let next = this.#queue.pop(end); next !== undefined; next = this.#queue.pop(end)) {
      this.now = next.time;
      this.#dispatch(next);
      if (this.#promises || this.#pending > 0) {
        this.#promises = false;
        await settlePromises();
      }
    }
    this.now = end;
  }

  #dispatch(event: SimEvent): void {
    const { process } = event;
    if (event.run === null || (process !== null && !process.alive)) return;
    if (process?.paused === true) {
      process.waiting.push(event);
      return;
    }
    this.eventsRun += 1;
    this.trace.mix(event.sequence);
    this.trace.mix(event.time * 1000);
    event.run();
  }
}

/** Enough turns of the microtask queue for any chain of awaits in a start or a stop. */
async function settlePromises(): Promise<void> {
  for (let turn = 0; turn < 32; turn += 1) await null;
}
