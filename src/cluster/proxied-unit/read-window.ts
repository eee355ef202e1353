/**
 * The read data of one forwarded command: how much the owner may send, and what is in this system's memory. The credit
 * of a read set returns when the client's transport lets go of it.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { LinkLimits } from '../../limits.ts';
import type { Originator } from './originator.ts';
import type { BudgetShare, BudgetWaiter } from './read-budget.ts';

/** Who is told that there is credit to pass on, or, at its end, that the window has perhaps settled. */
export interface CreditTaker {
  creditFree(): void;
}

export class ReadWindow implements BudgetWaiter {
  readonly #originator: Originator;
  #share: BudgetShare;
  readonly #taker: CreditTaker;
  #length = 0;
  /** Credit that may be out, or in memory here, at a time. */
  #window = 0;
  /** What the client has room for, the owner was granted, and has come: in all. What is held in memory: now. */
  #room = 0;
  #granted = 0;
  #received = 0;
  #inMemory = 0;
  #waiting = false;
  #ended = false;
  #incoming: Lease | null = null;

  constructor(originator: Originator, share: BudgetShare, taker: CreditTaker) {
    this.#originator = originator;
    this.#share = share;
    this.#taker = taker;
  }

  /** Nothing is left of the command before, whose window has settled. `length`: the most that the client takes; `room`: what it takes now. */
  begin(share: BudgetShare, length: number, room: number, readSetLength: number): void {
    this.#share = share;
    this.#length = length;
    this.#window = LinkLimits.readSetsPerExchange * readSetLength;
    this.#room = Math.min(room, length);
    this.#granted = 0;
    this.#received = 0;
    this.#inMemory = 0;
    this.#waiting = false;
    this.#ended = false;
    this.#incoming = null;
  }

  /** It has ended, nobody holds a read set of it, and no credit is waited for: nothing comes back to it. */
  get settled(): boolean {
    return this.#ended && this.#inMemory === 0 && !this.#waiting;
  }

  /** The client takes that much more. */
  grow(bytes: number): void {
    this.#room = Math.min(this.#room + bytes, this.#length);
  }

  /** The credit that there is for the owner now: within the client's room, the window of read sets, the nexus's share of the link's budget. */
  takeCredit(): number {
    if (this.#ended || this.#waiting) return 0;
    const onTheWay = this.#granted - this.#received + this.#inMemory;
    const wanted = Math.min(this.#room - this.#granted, this.#window - onTheWay);
    if (wanted <= 0) return 0;
    const taken = this.#share.take(wanted);
    this.#granted += taken;
    if (taken < wanted) {
      this.#waiting = true;
      this.#share.wait(this);
    }
    return taken;
  }

  budgetFree(): void {
    this.#waiting = false;
    this.#taker.creditFree();
  }

  /** Where the next read set goes; or what is wrong with it. */
  buffer(offset: number, length: number): Uint8Array | string {
    if (this.#ended || offset !== this.#received) return `data at offset ${offset}`;
    if (this.#received + length > this.#granted) return `${length} bytes where less was granted`;
    this.#incoming = this.#originator.pool.take(length);
    return this.#incoming.bytes;
  }

  /** The read set is whole. Null if there is none. */
  filled(): Lease | null {
    const lease = this.#incoming;
    if (lease === null) return null;
    this.#incoming = null;
    this.#received += lease.bytes.length;
    this.#inMemory += lease.bytes.length;
    return new ReadSet(lease, this);
  }

  /** For ReadSet. */
  released(length: number): void {
    this.#inMemory -= length;
    this.#share.giveBack(length);
    this.#taker.creditFree();
  }

  /** Nothing more comes. What is in memory is still counted until it is released. */
  end(): void {
    this.#ended = true;
    this.#incoming?.release();
    this.#incoming = null;
    this.#share.giveBack(this.#granted - this.#received);
  }
}

/** A read set in this system's memory. */
class ReadSet implements Lease {
  readonly bytes: Uint8Array;
  readonly #lease: Lease;
  readonly #window: ReadWindow;

  constructor(lease: Lease, window: ReadWindow) {
    this.bytes = lease.bytes;
    this.#lease = lease;
    this.#window = window;
  }

  release(): void {
    const length = this.bytes.length;
    this.#lease.release();
    this.#window.released(length);
  }
}
