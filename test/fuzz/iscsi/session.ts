/** What all connections of one hostile client share. */
import type { R2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodePairs } from '../../../src/wire/iscsi/text.ts';
import { Waiting } from '../waiting.ts';
import { Judge } from './judge.ts';

/** Data that the target wants to hear of. */
export interface AskedFor {
  readonly lun: Uint8Array;
  readonly targetTransferTag: number;
  readonly nextDataSN: number;
}

export class HostileSession {
  cmdSN = 1;
  /** Of the last request that has one. */
  tag = 0;
  /** 0 until the target has given one. */
  tsih = 0;
  /** Of the last command that was told a unit attention in place of its result. */
  attention = 0;
  /** That came for the last request. */
  r2t: R2t | null = null;
  /** Of the last Data-In PDU. */
  dataIn: Uint8Array = new Uint8Array(0);
  /** By the last Data-In PDU with the A bit. */
  askedFor: AskedFor | null = null;
  /** What came, by kind. */
  readonly seen: string[] = [];
  /** Tags of requests that have had their answer. */
  readonly answered = new Set<number>([0]);
  readonly judge = new Judge();
  readonly waiting: Waiting;
  /** A connection has closed. */
  closed = false;
  #text = '';

  constructor(patienceMilliseconds?: number) {
    this.waiting = new Waiting(patienceMilliseconds);
  }

  /** The last request was. */
  get toldAttention(): boolean {
    return this.attention !== 0 && this.attention === this.tag;
  }

  /** Of a login response. */
  loginText(data: Uint8Array): void {
    this.#text += Buffer.from(data).toString('latin1');
  }

  get loginKeys(): ReadonlyMap<string, string> {
    return new Map(decodePairs(Buffer.from(this.#text, 'latin1')));
  }
}
