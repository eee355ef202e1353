/**
 * How much read data all exchanges of a link may have on the way to this system or in its memory. Credit is taken
 * when it is granted to the owner and comes back when the client has taken the data; who finds none waits in line.
 *
 * Each nexus has a share: it may hold no more than it leaves free. One that is alone gets half, and where it takes nothing of what
 * waits for it, the next gets half of the rest.
 */
import { LinkLimits } from '../../limits.ts';

/** Who can't have all that it wants gets as many of these bytes as there are: crumbs would make crumbs of the owner's read sets. */
const LEAST = LinkLimits.readSetLength;

export interface BudgetWaiter {
  /** Credit may be there now: take it. */
  budgetFree(): void;
}

export class ReadBudget {
  /** The most that was ever out at a time. */
  peak = 0;
  #free: number;
  readonly #total: number;
  /** Those in which somebody waits, in the order in which it is their turn. */
  readonly #waiting = new Set<BudgetShare>();

  constructor(total: number) {
    this.#total = total;
    this.#free = total;
  }

  get free(): number {
    return this.#free;
  }

  get used(): number {
    return this.#total - this.#free;
  }

  /** For BudgetShare. */
  take(bytes: number): void {
    this.#free -= bytes;
    if (this.used > this.peak) this.peak = this.used;
  }

  wait(share: BudgetShare): void {
    this.#waiting.add(share);
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
    if (this.#waiting.size === 0) return;
    for (const share of [...this.#waiting]) {
      if (!share.hasRoom) continue;
      // Who still wants more comes behind the others.
      this.#waiting.delete(share);
      share.serve();
    }
  }
}

/** Of one nexus. */
export class BudgetShare {
  #held = 0;
  #waiting: BudgetWaiter[] = [];
  readonly #budget: ReadBudget;

  constructor(budget: ReadBudget) {
    this.#budget = budget;
  }

  get hasRoom(): boolean {
    return this.#room >= LEAST;
  }

  /** Up to `wanted` bytes; 0 while others of the nexus wait in front. */
  take(wanted: number): number {
    if (this.#waiting.length > 0) return 0;
    const room = this.#room;
    const taken = wanted <= room ? wanted : Math.max(0, room - (room % LEAST));
    this.#held += taken;
    this.#budget.take(taken);
    return taken;
  }

  /** `budgetFree` is called, once, when it is this one's turn. */
  wait(waiter: BudgetWaiter): void {
    this.#waiting.push(waiter);
    this.#budget.wait(this);
  }

  giveBack(bytes: number): void {
    this.#held -= bytes;
    this.#budget.giveBack(bytes);
  }

  /** For ReadBudget. */
  serve(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const waiter of waiting) waiter.budgetFree();
  }

  /** What it may take so that it holds no more than is free then. */
  get #room(): number {
    return Math.floor((this.#budget.free - this.#held) / 2);
  }
}
