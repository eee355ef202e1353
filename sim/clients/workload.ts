/** The application on a client: a few operations at a time, on few blocks, so that they meet. */
import type { WriteKind } from '../checkers/history.ts';
import type { World } from '../world/world.ts';
import { type Client, placeOf } from './client.ts';
import type { Operation, OperationKind } from './operation.ts';

export class Workload {
  readonly client: Client;
  completed = 0;
  errors = 0;
  readonly #world: World;
  readonly #unitBlocks: readonly number[];
  #stopped = false;
  #resets = true;

  constructor(world: World, client: Client, unitBlocks: readonly number[]) {
    this.#world = world;
    this.client = client;
    this.#unitBlocks = unitBlocks;
  }

  start(): void {
    for (let lane = 0; lane < this.client.options.traits.depth; lane += 1) this.#later();
    if (this.client.options.traits.resetRate > 0) this.#resetLater();
  }

  stop(): void {
    this.#stopped = true;
  }

  /** What a reset takes from other clients ends without an answer, and so by their timeouts alone (SAM-5 6.3.3). */
  stopResets(): void {
    this.#resets = false;
  }

  /** Reads what clients have written to, once through each path. */
  readAll(unit: number, blocks: number): void {
    for (let lba = 0; lba < blocks; lba += 64) {
      this.client.start(this.#operation('read', unit, lba, Math.min(64, blocks - lba), () => {}));
    }
  }

  #later(): void {
    if (this.#stopped) return;
    const { think, duty } = this.client.options.traits;
    const time = afterRest(this.#world.now + this.#world.prng.between(0, think), duty);
    this.#world.at(time, this.client.process, () => this.#next(), true);
  }

  #next(): void {
    if (this.#stopped) return;
    const { prng } = this.#world;
    const { readShare, flushShare } = this.client.options.traits;
    const unit = prng.below(this.#unitBlocks.length);
    const drawn = prng.fraction();
    const kind = drawn < readShare ? 'read' : drawn < readShare + flushShare ? 'flush' : this.#kindOfWrite();
    const done = (error: string | null): void => {
      if (error === null) this.completed += 1;
      else this.errors += 1;
      this.#later();
    };
    if (kind === 'flush') return this.client.start(this.#operation(kind, unit, 0, 0, done));
    const { lba, blocks } = this.#range(unit);
    this.client.start(this.#operation(kind, unit, lba, kind === 'compareAndWrite' ? 1 : blocks, done));
  }

  #kindOfWrite(): OperationKind {
    const { zeroShare, compareShare } = this.client.options.traits;
    const drawn = this.#world.prng.fraction();
    if (drawn < zeroShare) return this.#world.prng.pick(['unmap', 'writeSame'] as const);
    return drawn < zeroShare + compareShare ? 'compareAndWrite' : 'write';
  }

  #range(unit: number): { readonly lba: number; readonly blocks: number } {
    const { prng } = this.#world;
    const { hotBlocks, longest, longChance } = this.client.options.traits;
    const all = this.#unitBlocks[unit] ?? 0;
    const blocks = prng.chance(longChance) ? 1 + prng.below(Math.min(longest, all)) : 1 + prng.below(4);
    const lba = prng.below(Math.max(1, Math.min(hotBlocks, all) - Math.min(blocks, hotBlocks) + 1));
    return { lba, blocks: Math.min(blocks, all - lba) };
  }

  #operation(
    kind: Operation['kind'],
    unit: number,
    lba: number,
    blocks: number,
    done: Operation['done'],
  ): Operation {
    const { prng } = this.#world;
    const mayHaveFua = kind === 'write' || kind === 'compareAndWrite';
    const fua = mayHaveFua && prng.chance(this.client.options.traits.fuaShare);
    const writes = this.#writesOf(kind);
    const expected = kind === 'compareAndWrite' ? (this.client.lastSeen.get(placeOf(unit, lba)) ?? 0) : null;
    return { kind, unit, lba, blocks, fua, writes, expected, asked: this.#world.now, open: [], done };
  }

  #writesOf(kind: OperationKind): WriteKind | null {
    if (kind === 'read' || kind === 'flush') return null;
    if (kind === 'unmap') return 'zeroes';
    if (kind === 'writeSame') return this.#world.prng.pick(['same', 'zeroes'] as const);
    return 'blocks';
  }

  #resetLater(): void {
    const { resetRate } = this.client.options.traits;
    const pause = (1000 / resetRate) * (0.5 + this.#world.prng.fraction());
    this.#world.at(
      this.#world.now + pause,
      this.client.process,
      () => {
        if (!this.#resets) return;
        this.client.reset(this.#world.prng.below(this.#unitBlocks.length));
        this.#resetLater();
      },
      true,
    );
  }
}

/** The time (ms), or as far into the next second's work as it is into this one's rest. */
function afterRest(time: number, duty: number): number {
  const inSecond = time % 1_000;
  const work = 1_000 * duty;
  return inSecond < work ? time : time - inSecond + 1_000 + ((inSecond - work) % work);
}
