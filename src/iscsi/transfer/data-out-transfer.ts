/**
 * The data-out of one command (RFC 7143 4.2.5, 11.7, 11.8): the sequences of Data-Out PDUs that are on their way, unsolicited or
 * for an R2T, what has come of them, and which burst to ask for next.
 */
import assert from 'node:assert/strict';
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import { NO_TAG } from '../../wire/iscsi/bhs.ts';
import type { Parameters } from '../login/parameters.ts';
import { EarlyData } from './early-data.ts';

/** [start, end) is on its way. */
class Sequence {
  /** NO_TAG: unsolicited. */
  tag = NO_TAG;
  /** Of its R2T. */
  r2tSN = 0;
  start = 0;
  end = 0;
  dataSN = 0;
  /** Of it that came, whether it could be used or not. */
  bytes = 0;

  begin(tag: number, r2tSN: number, start: number, end: number): void {
    this.tag = tag;
    this.r2tSN = r2tSN;
    this.start = start;
    this.end = end;
    this.dataSN = 0;
    this.bytes = 0;
  }
}

/** What of the negotiation governs data-out. */
export type DataOutRules = Pick<
  Parameters,
  'firstBurstLength' | 'maxOutstandingR2T' | 'dataPduInOrder' | 'dataSequenceInOrder'
>;

export class DataOutTransfer {
  #rules: DataOutRules | null = null;
  #unsolicitedEnd = 0;
  #askedEnd = 0;
  /** All before it is here, and has gone to the unit. */
  #next = 0;
  /** All before it is here, on its way, or a hole. */
  #askFrom = 0;
  /** Of all sequences. */
  #received = 0;
  /** In the order in which they were asked for. */
  readonly #open: Sequence[] = [];
  readonly #spare: Sequence[] = [];
  /** Of the PDU that is coming. */
  #current: Sequence | null = null;
  #offset = 0;
  /** What was to come with a sequence that has ended, and did not. */
  readonly #holes: { start: number; readonly end: number }[] = [];
  #early: EarlyData | null = null;

  /** `final`: only the immediate data is unsolicited. Else as much as a first burst may carry. */
  start(total: number, immediate: number, final: boolean, rules: DataOutRules): void {
    this.#rules = rules;
    this.#unsolicitedEnd = final ? immediate : Math.min(total, rules.firstBurstLength);
    this.#askedEnd = 0;
    this.#next = 0;
    this.#offset = 0;
    this.#received = 0;
    this.#askFrom = this.#unsolicitedEnd;
    if (this.#open.length > 0) this.#spare.push(...this.#open.splice(0));
    // To set a length costs, also the one that it has.
    if (this.#holes.length > 0) this.#holes.length = 0;
    this.#early?.start();
    if (this.#unsolicitedEnd > 0) this.#begin(NO_TAG, 0, 0, this.#unsolicitedEnd);
  }

  get unsolicitedLength(): number {
    return this.#unsolicitedEnd;
  }

  get nextOffset(): number {
    return this.#next;
  }

  /** Another number whenever something has come. */
  get progress(): number {
    return this.#received;
  }

  /** Data that the initiator has been allowed to send has not all come. */
  get due(): boolean {
    return this.#open.length > 0;
  }

  /** The R2Ts that have not been fulfilled. */
  get outstanding(): readonly Readonly<Sequence>[] {
    return this.#open.filter(({ tag }) => tag !== NO_TAG);
  }

  /** What is wrong with a Data-Out PDU, or null. */
  mistake(tag: number, dataSN: number, offset: number, length: number, final: boolean): string | null {
    const sequence = this.#sequence(tag);
    this.#current = sequence;
    this.#offset = offset;
    if (sequence === null) return 'an unknown target transfer tag';
    if (dataSN !== sequence.dataSN) return 'a wrong DataSN';
    if (!this.#isItsPlace(sequence, offset, length)) return 'a wrong buffer offset';
    const left = sequence.end - sequence.start - sequence.bytes;
    if (length > left || length > sequence.end - offset) return 'more data than was asked for';
    if (final) return tag !== NO_TAG && length < left ? 'too little data' : null;
    if (length === 0) return 'no data';
    return length === left ? 'no F bit at the end of a sequence' : null;
  }

  /** R2Ts are fulfilled in their order (11.8), and their data comes in order (13.18, 13.19), unless something else was agreed on. */
  #sequence(tag: number): Sequence | null {
    const first = this.#open[0];
    if (first === undefined || first.tag === tag || this.#rules?.dataSequenceInOrder) {
      return first?.tag === tag ? first : null;
    }
    return this.#open.find((sequence) => sequence.tag === tag) ?? null;
  }

  #isItsPlace(sequence: Sequence, offset: number, length: number): boolean {
    if (this.#rules?.dataPduInOrder) return offset === sequence.start + sequence.bytes;
    if (offset < sequence.start || offset > sequence.end) return false;
    const twice = offset < this.#next || (this.#early?.overlaps(offset, offset + length) ?? false);
    return length === 0 || !twice;
  }

  /** The unit may have the data of the PDU that is coming: what belongs in front of it is here. */
  get isNext(): boolean {
    return this.#offset === this.#next;
  }

  /** Where the data of the PDU goes that is coming, and is not next. */
  earlyBuffer(pool: BufferPool, length: number): Uint8Array {
    this.#early ??= new EarlyData();
    return this.#early.buffer(pool, this.#offset, length);
  }

  /** Immediate data has come. */
  immediateArrived(length: number): void {
    const sequence = this.#open[0];
    this.#next = length;
    this.#received = length;
    if (sequence === undefined) return;
    sequence.bytes = length;
    if (length === sequence.end) this.#end(sequence);
  }

  /** The data of a Data-Out PDU without a mistake has come. */
  arrived(length: number, final: boolean): void {
    if (this.#offset === this.#next) this.#next += length;
    else this.#early?.arrived();
    this.#count(length, final);
  }

  /** The data of such a PDU has come and can't be used: it is asked for again when its sequence has ended. */
  arrivedWrong(length: number, final: boolean): void {
    this.#early?.lost();
    this.#count(length, final);
  }

  #count(length: number, final: boolean): void {
    const sequence = this.#current;
    this.#current = null;
    if (sequence === null) return;
    this.#received += length;
    sequence.bytes += length;
    sequence.dataSN += 1;
    if (final) this.#end(sequence);
  }

  /** Nothing more comes by the connection of the command: what is on its way is asked for again by another. */
  restart(): void {
    this.#current = null;
    for (const sequence of [...this.#open]) this.#end(sequence);
    this.#holes.sort((one, other) => one.start - other.start);
  }

  /** Nothing more comes: neither the rest of a PDU nor another one. */
  lost(): void {
    this.#early?.lost();
  }

  /** Data that came early and is next now, which the caller passes on and releases; or null. */
  takeEarly(): Lease | null {
    const lease = this.#early?.take(this.#next) ?? null;
    if (lease !== null) this.#next += lease.bytes.length;
    return lease;
  }

  /** Nobody wants the data any more. */
  drop(): void {
    this.#early?.drop();
  }

  /** The unit wants [offset, offset + length). */
  ask(offset: number, length: number): void {
    assert(offset === Math.max(this.#unsolicitedEnd, this.#askedEnd), 'data-out is asked for in order');
    this.#askedEnd = offset + length;
  }

  /** Where the burst begins that is to be asked for next. */
  get burstOffset(): number {
    return this.#holes[0]?.start ?? this.#askFrom;
  }

  /**
   * The length of the burst to ask for now, which begins at `burstOffset`, or 0. What an initiator announced as
   * unsolicited and did not send is asked for too.
   */
  burstToAskFor(maxBurst: number): number {
    const first = this.#open[0];
    if (first !== undefined) {
      if (first.tag === NO_TAG || this.#open.length >= (this.#rules?.maxOutstandingR2T ?? 1)) return 0;
    }
    const end = this.#holes[0]?.end ?? Math.max(this.#unsolicitedEnd, this.#askedEnd);
    return Math.min(maxBurst, end - this.burstOffset);
  }

  /** That burst has been asked for under `tag`, by the R2T of that number. */
  asked(tag: number, length: number, r2tSN = 0): void {
    const start = this.burstOffset;
    const hole = this.#holes[0];
    if (hole === undefined) this.#askFrom += length;
    else hole.start += length;
    if (hole !== undefined && hole.start === hole.end) this.#holes.shift();
    this.#begin(tag, r2tSN, start, start + length);
  }

  #begin(tag: number, r2tSN: number, start: number, end: number): void {
    const sequence = this.#spare.pop() ?? new Sequence();
    sequence.begin(tag, r2tSN, start, end);
    this.#open.push(sequence);
  }

  #end(sequence: Sequence): void {
    if (this.#open[0] === sequence) this.#open.shift();
    else this.#open.splice(this.#open.indexOf(sequence), 1);
    this.#spare.push(sequence);
    if (this.#next >= sequence.end) return;
    const from = Math.max(sequence.start, this.#next);
    this.#holes.push(...(this.#early?.missing(from, sequence.end) ?? [{ start: from, end: sequence.end }]));
  }
}
