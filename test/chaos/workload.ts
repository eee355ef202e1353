/** What the clients do until they are told to stop: versioned blocks, written and read over and over. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Prng } from '../../sim/world/prng.ts';
import type { Client, Range } from './client.ts';

/** The blocks of each unit that belong to the checker. READ (10) and WRITE (10) of `Cdb` go up to 65,535. */
export const CHECKED_BLOCKS = 2_048;
/** Most operations meet here. */
const HOT_BLOCKS = 128;
const LONGEST = 8;
/** Some take several bursts and read sets. */
const LONG = 512;
const LONG_CHANCE = 0.03;
const WRITE_CHANCE = 0.6;
const WORKERS = 4;
const LONGEST_PAUSE = 25;

export class Workload {
  readonly #units: readonly number[];
  readonly #prng: Prng;
  readonly #writing = new Set<string>();
  readonly #workers: { ended: number; readonly client: Client; readonly over: Promise<void> }[] = [];
  #stopping = false;

  constructor(units: readonly number[], prng: Prng) {
    this.#units = units;
    this.#prng = prng;
  }

  start(clients: readonly Client[]): void {
    for (const client of clients) {
      for (let count = 0; count < WORKERS; count += 1) {
        const state = { ended: 0, client };
        const over = this.#work(state);
        this.#workers.push(Object.assign(state, { over }));
      }
    }
  }

  /** By worker: the operations that have ended. */
  get progress(): readonly number[] {
    return this.#workers.map(({ ended }) => ended);
  }

  /** Those that have ended no operation since `before`. */
  stuckSince(before: readonly number[]): string[] {
    return this.#workers.filter(({ ended }, at) => ended === before[at]).map(({ client }) => client.name);
  }

  /** Lets each operation end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers.map(({ over }) => over));
  }

  async #work(state: { ended: number; readonly client: Client }): Promise<void> {
    while (!this.#stopping) {
      await this.#one(state.client);
      state.ended += 1;
      await sleep(this.#prng.between(1, LONGEST_PAUSE));
    }
  }

  async #one(client: Client): Promise<void> {
    const range = this.#draw();
    if (!this.#prng.chance(WRITE_CHANCE) || !this.#take(range)) return client.read(range);
    await client.write(range);
    this.#leave(range);
  }

  #draw(): Range {
    const prng = this.#prng;
    const unit = prng.pick(this.#units);
    if (prng.chance(LONG_CHANCE)) {
      const blocks = 1 + prng.below(LONG);
      return { unit, block: HOT_BLOCKS + prng.below(CHECKED_BLOCKS - HOT_BLOCKS - blocks), blocks };
    }
    const blocks = 1 + prng.below(LONGEST);
    return { unit, block: prng.below(HOT_BLOCKS - blocks), blocks };
  }

  /** One writer a block at a time, whichever client it is (checker.ts). */
  #take(range: Range): boolean {
    const blocks = keysOf(range);
    if (blocks.some((block) => this.#writing.has(block))) return false;
    for (const block of blocks) this.#writing.add(block);
    return true;
  }

  #leave(range: Range): void {
    for (const block of keysOf(range)) this.#writing.delete(block);
  }
}

function keysOf({ unit, block, blocks }: Range): string[] {
  return Array.from({ length: blocks }, (_, index) => `${unit}/${block + index}`);
}
