/** Stands in for the task of a command whose turn has not come: keeps its unsolicited data. */
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import type { Task } from '../../scsi/logical-unit.ts';

export class HeldTask implements Task {
  readonly #lease: Lease;
  #arrived = 0;
  #filling = 0;

  constructor(pool: BufferPool, unsolicitedLength: number) {
    this.#lease = pool.take(unsolicitedLength);
  }

  dataOutBuffer(offset: number, length: number): Uint8Array {
    this.#filling = length;
    return this.#lease.bytes.subarray(offset, offset + length);
  }

  dataOutArrived(): void {
    this.#arrived += this.#filling;
  }

  dataOutLost(): void {}

  /** Data-in needs a running command. */
  grant(): void {}

  letGo(): void {}

  /** The turn has come: passes on what is here. The rest will go to `task` directly. */
  becomes(task: Task): void {
    if (this.#arrived > 0) {
      task.dataOutBuffer(0, this.#arrived).set(this.#lease.bytes.subarray(0, this.#arrived));
      task.dataOutArrived();
    }
    this.#lease.release();
  }

  /** It was aborted before its turn, or its session is over. */
  discard(): void {
    this.#lease.release();
  }
}
