import type { BlockStore } from '../../src/stores/block-store.ts';
import { delay } from '../../src/stores/layers/delay.ts';
import type { StoreOperation } from '../../src/stores/layers/operation.ts';

export interface HeldCall {
  readonly operation: StoreOperation;
  run(): void;
}

/** A store whose calls wait until the test lets them run, while `holding`. */
export class HeldStore {
  readonly store: BlockStore;
  holding = true;
  readonly calls: HeldCall[] = [];
  #waiting: (() => void) | null = null;

  constructor(store: BlockStore) {
    this.store = delay(store, (operation, run) => {
      if (!this.holding) return run();
      this.calls.push({ operation, run });
      this.#waiting?.();
      this.#waiting = null;
    });
  }

  /** Resolves when at least `count` calls wait. */
  async atLeast(count: number): Promise<void> {
    while (this.calls.length < count) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  /** Lets the oldest call run. */
  runOne(): void {
    this.calls.shift()?.run();
  }

  /** Lets everything run from now on. */
  open(): void {
    this.holding = false;
    while (this.calls.length > 0) this.runOne();
  }
}
