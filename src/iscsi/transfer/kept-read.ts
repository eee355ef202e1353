/**
 * The Data-In PDUs of one command that its initiator has not acknowledged, for it to have again (RFC 7143 11.16). The data is kept, not
 * read again: what is sent again has to be the same (docs/decisions/0011-error-recovery.md). The credit for data that the initiator was
 * asked to acknowledge comes back when it has done so.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { IscsiLimits } from '../../limits.ts';
import { askForAcknowledgement, encodeDataIn } from '../../wire/iscsi/data-in.ts';
import type { AnswerPath } from './answers.ts';

interface KeptPdu {
  readonly dataSN: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly final: boolean;
  /** It asks for a DataACK. */
  readonly acknowledge: boolean;
}

/** The buffer of one or several PDUs, up to the one that ends at `end`. */
interface KeptData {
  readonly end: number;
  readonly lease: Lease;
  /** One of them asks to be acknowledged: its credit comes back with that. */
  readonly asks: boolean;
  mark: Lease | null;
}

/** What is kept of all commands of a connection. */
export interface KeptBytes {
  bytes: number;
}

export class KeptRead {
  readonly tag: number;
  /** Of the PDUs that ask to be acknowledged. */
  transferTag: number;
  /** Of the answer, once it has been sent. */
  statSN: number | null = null;
  /** Of the last R-Data SNACK; 0: there was none. */
  snackTag = 0;
  #path: AnswerPath;
  #kept: KeptBytes;
  readonly #lun: Uint8Array;
  #pdus: KeptPdu[] = [];
  readonly #data: KeptData[] = [];
  #nextDataSN = 0;
  #unacknowledgedFrom = 0;
  /** Bytes sent since the last PDU that asked to be acknowledged. */
  #sinceAsked = 0;

  constructor(path: AnswerPath, kept: KeptBytes, tag: number, lun: Uint8Array, transferTag: number) {
    this.#path = path;
    this.#kept = kept;
    this.tag = tag;
    this.#lun = lun.slice();
    this.transferTag = transferTag;
  }

  get nextDataSN(): number {
    return this.#nextDataSN;
  }

  /** Sends and keeps `data`; `last`: nothing follows it. Gives the number of PDUs. */
  send(offset: number, data: Lease, last: boolean): number {
    const { maxSendSegmentLength, maxBurstLength } = this.#path.parameters;
    const first = this.#nextDataSN;
    const total = data.bytes.length;
    let burstLeft = maxBurstLength;
    let asks = false;
    for (let at = 0; at < total; ) {
      const length = Math.min(total - at, maxSendSegmentLength, burstLeft);
      burstLeft = burstLeft === length ? maxBurstLength : burstLeft - length;
      const end = at + length === total;
      this.#sinceAsked += length;
      const acknowledge = this.#asks(last && end);
      const final = end || burstLeft === maxBurstLength || acknowledge;
      if (acknowledge) this.#sinceAsked = 0;
      asks ||= acknowledge;
      const bytes = data.bytes.subarray(at, at + length);
      const pdu = { dataSN: this.#nextDataSN, offset: offset + at, bytes, final, acknowledge };
      this.#nextDataSN += 1;
      this.#pdus.push(pdu);
      this.#transmit(pdu);
      at += length;
    }
    this.#data.push({ end: offset + total, lease: data, asks, mark: null });
    this.#kept.bytes += total;
    return this.#nextDataSN - first;
  }

  /**
   * 11.7.2: once every MaxBurstLength bytes, or with the last PDU of all. Short reads are acknowledged by their status.
   */
  #asks(last: boolean): boolean {
    if (this.#sinceAsked >= this.#path.parameters.maxBurstLength) return true;
    return last && this.#sinceAsked > IscsiLimits.unacknowledgedRead;
  }

  /**
   * To be released with the data that was sent last; or, where nobody is asked to acknowledge that, when it has left. What goes nowhere
   * leaves when another connection has taken it over.
   */
  mark(lease: Lease): void {
    const newest = this.#data.at(-1);
    if (newest && (newest.asks || this.#path.connection.closing)) newest.mark = lease;
    else this.#path.connection.afterSending(lease);
  }

  /** The initiator has all PDUs before `dataSN`. False where that can't be. */
  acknowledge(dataSN: number): boolean {
    const known = this.#advance(dataSN);
    for (const data of known ?? []) this.#release(data);
    return known !== null;
  }

  /**
   * What is kept no more. It is taken out before it is released: that gives credit back, and with credit a unit may send what follows at
   * once.
   */
  #advance(dataSN: number): KeptData[] | null {
    if (dataSN < this.#unacknowledgedFrom || dataSN > this.#nextDataSN) return null;
    this.#unacknowledgedFrom = dataSN;
    const left = this.#pdus.findIndex((pdu) => pdu.dataSN >= dataSN);
    this.#pdus = left < 0 ? [] : this.#pdus.slice(left);
    const here = this.#pdus[0]?.offset ?? Number.POSITIVE_INFINITY;
    const wanted = this.#data.findIndex(({ end }) => end > here);
    return this.#data.splice(0, wanted < 0 ? this.#data.length : wanted);
  }

  /** It is acknowledged whole, or nobody wants it any more. */
  release(): void {
    this.#pdus = [];
    for (const data of this.#data.splice(0)) this.#release(data);
  }

  /** The bytes may still be on their way, whatever was said of them. */
  #release(data: KeptData): void {
    this.#kept.bytes -= data.lease.bytes.length;
    this.#path.connection.afterSending(data.lease);
    if (data.mark !== null) this.#path.connection.afterSending(data.mark);
  }

  /** Sends the PDUs again from `dataSN` on, `count` of them, or (0) all. False where some were not sent, or acknowledged. */
  sendAgain(dataSN: number, count: number): boolean {
    const first = dataSN === 0 && count === 0 ? this.#unacknowledgedFrom : dataSN;
    const end = count === 0 ? this.#nextDataSN : first + count;
    if (first < this.#unacknowledgedFrom || end > this.#nextDataSN || first > end) return false;
    for (const pdu of this.#pdus) if (pdu.dataSN >= first && pdu.dataSN < end) this.#transmit(pdu);
    return true;
  }

  /** R-Data SNACK: sends all that is not acknowledged again, in segments as they are taken now, numbered from there on. */
  sendResegmented(): void {
    const { maxSendSegmentLength } = this.#path.parameters;
    const before = this.#pdus;
    this.#pdus = [];
    this.#nextDataSN = this.#unacknowledgedFrom;
    for (const { offset, bytes, final, acknowledge } of before) {
      for (let at = 0; at < bytes.length; at += maxSendSegmentLength) {
        const piece = bytes.subarray(at, at + maxSendSegmentLength);
        const last = at + piece.length === bytes.length;
        const place = { dataSN: this.#nextDataSN, offset: offset + at, bytes: piece };
        const pdu = { ...place, final: final && last, acknowledge: acknowledge && last };
        this.#nextDataSN += 1;
        this.#pdus.push(pdu);
        this.#transmit(pdu);
      }
    }
  }

  /**
   * Another connection takes it over, and sends what is behind `expDataSN` (0, or no such number: what was not acknowledged). Gives what is
   * to be released there when the command goes on, which may be at once, and behind this.
   */
  moveTo(path: AnswerPath, kept: KeptBytes, transferTag: number, expDataSN: number): Lease[] {
    const known = (expDataSN === 0 ? null : this.#advance(expDataSN)) ?? [];
    for (const { lease } of [...known, ...this.#data]) this.#kept.bytes -= lease.bytes.length;
    for (const { lease } of this.#data) kept.bytes += lease.bytes.length;
    this.#path = path;
    this.#kept = kept;
    this.transferTag = transferTag;
    this.statSN = null;
    // 7.2.2: the tag of an R-Data SNACK belonged to the connection.
    this.snackTag = 0;
    this.sendResegmented();
    const owed = known.flatMap(({ lease, mark }) => (mark === null ? [lease] : [lease, mark]));
    for (const data of this.#data) {
      if (data.asks || data.mark === null) continue;
      owed.push(data.mark);
      data.mark = null;
    }
    return owed;
  }

  #transmit({ dataSN, offset, bytes, final, acknowledge }: KeptPdu): void {
    const { connection, numbering } = this.#path;
    const { expCmdSN, maxCmdSN } = numbering;
    const place = { dataSN, bufferOffset: offset, dataSegmentLength: bytes.length };
    const none = { withStatus: false, residualFlags: 0, status: 0, statSN: 0, residualCount: 0 };
    encodeDataIn(
      { final, initiatorTaskTag: this.tag, expCmdSN, maxCmdSN, ...place, ...none },
      connection.header,
    );
    if (acknowledge) askForAcknowledgement(connection.header, this.#lun, this.transferTag);
    connection.send(bytes, null);
  }
}
