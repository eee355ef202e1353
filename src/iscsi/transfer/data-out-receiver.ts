/**
 * Brings the data-out of one command to its unit: asks for it by R2T, and receives it straight into the unit's buffer where it is
 * next, else by way of `EarlyData`.
 */
import type { Task } from '../../scsi/logical-unit.ts';
import { sendR2t } from './answers.ts';
import { DataOutTransfer } from './data-out-transfer.ts';
import { discardBuffer } from './discard.ts';
import type { CommandPath, TaskHost } from './task-host.ts';

export interface DataOutOwner {
  readonly path: CommandPath;
  readonly tag: number;
  readonly lunBytes: Uint8Array;
  /** Who wants the data now, or null. */
  readonly dataOutTask: Task | null;
}

export class DataOutReceiver {
  readonly transfer = new DataOutTransfer();
  readonly #host: TaskHost;
  readonly #owner: DataOutOwner;
  /** Whose buffer the data of the current PDU goes to. */
  #filling: Task | null = null;
  #receiving = false;

  constructor(host: TaskHost, owner: DataOutOwner) {
    this.#host = host;
    this.#owner = owner;
  }

  /** Data is in the current PDU that has not all come. */
  get receiving(): boolean {
    return this.#receiving;
  }

  /** Asks for what may be asked for now, in R2Ts from number `r2tSN` on. Gives how many. */
  askForData(r2tSN: number): number {
    const { path, tag, lunBytes } = this.#owner;
    const { maxBurstLength } = path.parameters;
    for (let count = 0; ; count += 1) {
      const length = this.transfer.burstToAskFor(maxBurstLength);
      if (length === 0) return count;
      const transferTag = this.#host.nextTransferTag();
      const offset = this.transfer.burstOffset;
      sendR2t(path, lunBytes, tag, transferTag, r2tSN + count, offset, length);
      this.transfer.asked(transferTag, length, r2tSN + count);
    }
  }

  /** Sends the R2Ts again whose number is in [first, end), and that have not been fulfilled. Gives how many. */
  askAgain(first: number, end: number): number {
    const { path, tag, lunBytes } = this.#owner;
    const again = this.transfer.outstanding.filter(({ r2tSN }) => r2tSN >= first && r2tSN < end);
    for (const { tag: transferTag, r2tSN, start, end: to } of again) {
      sendR2t(path, lunBytes, tag, transferTag, r2tSN, start, to - start);
    }
    return again.length;
  }

  expect(): void {
    this.#receiving = true;
  }

  /** Where `length` (not 0) bytes go that come now. */
  buffer(length: number): Uint8Array | null {
    const task = this.#owner.dataOutTask;
    if (task === null) return discardBuffer(length);
    if (!this.transfer.isNext) return this.transfer.earlyBuffer(this.#host.pool, length);
    this.#filling = task;
    return task.dataOutBuffer(this.transfer.nextOffset, length);
  }

  /** The buffer is full, and the transfer has counted it. */
  arrived(): void {
    const filled = this.#filling;
    this.#filling = null;
    this.#receiving = false;
    if (filled === null) return;
    filled.dataOutArrived();
    this.#passOnEarly();
  }

  /** What came before its turn, and follows on what has just come. */
  #passOnEarly(): void {
    for (let task = this.#owner.dataOutTask; task !== null; task = this.#owner.dataOutTask) {
      const lease = this.transfer.takeEarly();
      if (lease === null) return;
      const { length } = lease.bytes;
      task.dataOutBuffer(this.transfer.nextOffset - length, length).set(lease.bytes);
      lease.release();
      task.dataOutArrived();
    }
  }

  /** What was coming is not to be used. */
  lost(): void {
    const filled = this.#filling;
    this.#filling = null;
    this.#receiving = false;
    this.transfer.lost();
    filled?.dataOutLost();
  }
}
