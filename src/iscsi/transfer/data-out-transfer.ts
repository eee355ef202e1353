/**
 * The data-out of one command (RFC 7143 4.2.5, 11.7, 11.8): what is to come next, unsolicited or for an R2T, and
 * which burst to ask for. In order, one burst at a time.
 */
import assert from 'node:assert/strict';
import { NO_TAG } from '../../wire/iscsi/bhs.ts';

export class DataOutTransfer {
  #unsolicitedEnd = 0;
  #askedEnd = 0;
  /** Offset of the next byte. */
  #next = 0;
  /** A sequence of Data-Out PDUs is on its way, to its end, under a tag. */
  #open = false;
  #sequenceEnd = 0;
  #tag = NO_TAG;
  #dataSN = 0;

  /** `final`: only the immediate data is unsolicited. Else as much as a first burst may carry. */
  start(total: number, immediate: number, final: boolean, firstBurst: number): void {
    this.#unsolicitedEnd = final ? immediate : Math.min(total, firstBurst);
    this.#askedEnd = 0;
    this.#next = 0;
    this.#sequenceEnd = this.#unsolicitedEnd;
    this.#open = this.#unsolicitedEnd > 0;
    this.#tag = NO_TAG;
    this.#dataSN = 0;
  }

  get unsolicitedLength(): number {
    return this.#unsolicitedEnd;
  }

  get nextOffset(): number {
    return this.#next;
  }

  /** Data that the initiator has been allowed to send has not all come. */
  get due(): boolean {
    return this.#open;
  }

  /** What is wrong with a Data-Out PDU, or null. */
  mistake(tag: number, dataSN: number, offset: number, length: number, final: boolean): string | null {
    if (!this.#open || tag !== this.#tag) return 'an unknown target transfer tag';
    if (dataSN !== this.#dataSN) return 'a wrong DataSN';
    if (offset !== this.#next) return 'a wrong buffer offset';
    if (length > this.#sequenceEnd - offset) return 'more data than was asked for';
    if (final) return this.#tag !== NO_TAG && offset + length < this.#sequenceEnd ? 'too little data' : null;
    if (length === 0) return 'no data';
    return offset + length === this.#sequenceEnd ? 'no F bit at the end of a sequence' : null;
  }

  /** Immediate data has come. */
  immediateArrived(length: number): void {
    this.#next = length;
    if (length === this.#sequenceEnd) this.#open = false;
  }

  /** The data of a Data-Out PDU without a mistake has come. */
  arrived(length: number, final: boolean): void {
    this.#next += length;
    this.#dataSN += 1;
    if (final) this.#open = false;
  }

  /** The unit wants [offset, offset + length). */
  ask(offset: number, length: number): void {
    assert(offset === Math.max(this.#unsolicitedEnd, this.#askedEnd), 'data-out is asked for in order');
    this.#askedEnd = offset + length;
  }

  /**
   * The length of the burst to ask for now, which begins at `nextOffset`, or 0. What an initiator announced as
   * unsolicited and did not send is asked for too.
   */
  burstToAskFor(maxBurst: number): number {
    if (this.#open) return 0;
    const end = this.#next < this.#unsolicitedEnd ? this.#unsolicitedEnd : this.#askedEnd;
    return Math.max(0, Math.min(maxBurst, end - this.#next));
  }

  /** That burst has been asked for under `tag`. */
  asked(tag: number, length: number): void {
    this.#open = true;
    this.#tag = tag;
    this.#dataSN = 0;
    this.#sequenceEnd = this.#next + length;
  }
}
