import { CopyLimits } from '../../limits.ts';

/** How many pieces all copies have in memory: who finds no room waits, in the order of coming. */
export class PieceSlots {
  #free: number = CopyLimits.pieces;
  readonly #waiting: (() => void)[] = [];

  take(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** `again` is called once, when it is worth to try again. */
  wait(again: () => void): void {
    this.#waiting.push(again);
  }

  /** Who does not want it any more leaves it to the next. */
  giveBack(): void {
    this.#free += 1;
    while (this.#free > 0) {
      const again = this.#waiting.shift();
      if (again === undefined) return;
      again();
    }
  }
}
