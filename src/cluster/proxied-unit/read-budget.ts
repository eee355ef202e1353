/**
 * How much read data all exchanges of a link may have on the way to this system or in its memory. Credit is taken
 * when it is granted to the owner and comes back when the client has taken the data; who finds none waits in line.
 */

export interface BudgetWaiter {
  /** Credit may be there now: take it. */
  budgetFree(): void;
}

export class ReadBudget {
  /** The most that was ever out at a time. */
  peak = 0;
  #free: number;
  readonly #total: number;
  #waiting: BudgetWaiter[] = [];

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  get used(): number {
    return this.#total - this.#free;
  }

  /** Up to `wanted` bytes; 0 while others wait in front. */
  take(wanted: number): number {
    if (this.#waiting.length > 0) return 0;
    const taken = Math.min(wanted, this.#free);
    this.#free -= taken;
    if (this.used > this.peak) this.peak = this.used;
    return taken;
  }

  /** `budgetFree` is called, once, when it is this one's turn. */
  wait(waiter: BudgetWaiter): void {
    this.#waiting.push(waiter);
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
    while (this.#free > 0 && this.#waiting.length > 0) {
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const waiter of waiting) waiter.budgetFree();
    }
  }
}
