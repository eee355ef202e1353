/** Brings the data-out of one command to its unit: straight into the unit's buffer where it is next, else by way of `EarlyData`. */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Task } from '../../scsi/logical-unit.ts';
import { DataOutTransfer } from './data-out-transfer.ts';
import { discardBuffer } from './discard.ts';

export interface DataOutOwner {
  /** Who wants the data now, or null. */
  readonly dataOutTask: Task | null;
}

export class DataOutReceiver {
  readonly transfer = new DataOutTransfer();
  readonly #pool: BufferPool;
  readonly #owner: DataOutOwner;
  /** Whose buffer the data of the current PDU goes to. */
  #filling: Task | null = null;
  #receiving = false;

  constructor(pool: BufferPool, owner: DataOutOwner) {
    this.#pool = pool;
    this.#owner = owner;
  }

  /** Data is in the current PDU that has not all come. */
  get receiving(): boolean {
    return this.#receiving;
  }

  expect(): void {
    this.#receiving = true;
  }

  /** Where `length` (not 0) bytes go that come now. */
  buffer(length: number): Uint8Array | null {
    const task = this.#owner.dataOutTask;
    if (task === null) return discardBuffer(length);
    if (!this.transfer.isNext) return this.transfer.earlyBuffer(this.#pool, length);
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
