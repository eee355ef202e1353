/** The read data of one command: what it has room for, has sent, and what the socket has taken. */
import assert from 'node:assert/strict';
import type { Lease } from '../../buffers/buffer-pool.ts';
import { IscsiLimits } from '../../limits.ts';
import type { CreditTaker, ReadCredit } from './read-credit.ts';

export interface DataInOwner {
  /** There is room for `amount` bytes more. */
  dataInGranted(amount: number): void;
  /** Perhaps nothing refers to the transfer any more. */
  dataInSettled(): void;
}

const NO_BYTES = new Uint8Array(0);

export class DataInTransfer implements CreditTaker {
  readonly #credit: ReadCredit;
  readonly #owner: DataInOwner;
  #length = 0;
  #granted = 0;
  #sent = 0;
  #taken = 0;
  #running = false;
  #waiting = false;
  /** Marks that nobody holds. */
  readonly #spare: SentData[] = [];

  constructor(credit: ReadCredit, owner: DataInOwner) {
    this.#credit = credit;
    this.#owner = owner;
  }

  /** No byte is on its way and no credit is waited for. */
  get settled(): boolean {
    return !this.#waiting && this.#taken === this.#sent;
  }

  /** Begins a transfer of `length` bytes at the most. Gives the room there is at once. */
  start(length: number): number {
    this.#length = length;
    this.#sent = 0;
    this.#taken = 0;
    this.#running = true;
    this.#granted = length === 0 ? 0 : this.#credit.takeNow(length);
    return this.#granted;
  }

  /** Room for the rest is wanted. */
  waitForCredit(): void {
    if (this.#waiting || !this.#running || this.#granted === this.#length) return;
    this.#waiting = true;
    this.#credit.wait(this);
  }

  /** [offset, offset + length) is about to be sent. */
  sending(offset: number, length: number): void {
    assert(offset === this.#sent && offset + length <= this.#granted, 'data-in in order and within credit');
    this.#sent += length;
  }

  /** What to release when those bytes have left. */
  mark(length: number): Lease {
    const mark = this.#spare.pop() ?? new SentData(this);
    mark.length = length;
    return mark;
  }

  /** For SentData. */
  taken(mark: SentData): void {
    const { length } = mark;
    assert(length > 0, 'a mark is released once');
    mark.length = 0;
    this.#spare.push(mark);
    this.#taken += length;
    this.#credit.giveBack(length);
    if (this.#running) this.waitForCredit();
    else this.#owner.dataInSettled();
  }

  /** Nothing more will be sent. */
  end(): void {
    this.#running = false;
    if (this.#granted > this.#sent) this.#credit.giveBack(this.#granted - this.#sent);
    this.#granted = this.#sent;
  }

  creditWanted(): number {
    if (!this.#running) return 0;
    const room = IscsiLimits.dataInPerCommand - (this.#granted - this.#taken);
    const rest = this.#length - this.#granted;
    return room < Math.min(rest, IscsiLimits.readSetLength) ? 0 : Math.min(rest, room);
  }

  creditGiven(amount: number): void {
    this.#waiting = false;
    if (!this.#running) return this.#owner.dataInSettled();
    if (amount === 0) return;
    this.#granted += amount;
    this.#owner.dataInGranted(amount);
  }
}

class SentData implements Lease {
  readonly bytes = NO_BYTES;
  /** Of what it stands behind; 0: of nothing, nobody holds it. */
  length = 0;
  readonly #transfer: DataInTransfer;

  constructor(transfer: DataInTransfer) {
    this.#transfer = transfer;
  }

  release(): void {
    this.#transfer.taken(this);
  }
}
