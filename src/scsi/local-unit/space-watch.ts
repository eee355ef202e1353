/** Tells, once, when the medium of a thin unit has less free than was set (SBC-3 4.7.3.7.5: a soft threshold of available resources). */
import type { Log } from '../../env/log.ts';
import { ScsiLimits } from '../../limits.ts';
import type { BlockStore } from '../../stores/block-store.ts';

export interface SpaceWatchOptions {
  readonly name: string;
  readonly store: BlockStore;
  /** Bytes. */
  readonly threshold: number;
  readonly log: Log;
  readonly reached: () => void;
}

export class SpaceWatch {
  readonly #options: SpaceWatchOptions;
  #armed = true;
  #asking = false;
  #looks = 0;

  constructor(options: SpaceWatchOptions) {
    this.#options = options;
  }

  /** Once every `lookMilliseconds`: asks the store at every few of them. */
  look(): void {
    const isDue = this.#looks % ScsiLimits.spaceLooks === 0;
    this.#looks += 1;
    if (!isDue || this.#asking) return;
    this.#asking = true;
    this.#options.store.space((error, space) => {
      this.#asking = false;
      if (error === null && space !== null) this.#compare(space.freeBytes);
    });
  }

  /** Armed again where an eighth more is free than has to be: what goes to and fro about the threshold is told once. */
  #compare(freeBytes: number): void {
    const { name, threshold, log, reached } = this.#options;
    if (freeBytes >= threshold + threshold / 8) this.#armed = true;
    if (!this.#armed || freeBytes >= threshold) return;
    this.#armed = false;
    log.warn({ unit: name, freeBytes, threshold }, 'little space is left for the unit');
    reached();
  }
}
