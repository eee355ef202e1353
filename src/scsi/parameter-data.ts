import type { BufferPool } from '../buffers/buffer-pool.ts';
import { Status } from '../wire/scsi/status.ts';
import type { Command } from './logical-unit.ts';

/** Parameter data on its way to the initiator, in read sets, under the transport's credit. */
export class ParameterData {
  readonly #command: Command;
  readonly #pool: BufferPool;
  readonly #bytes: Uint8Array;
  /** What the CDB asks for, and what of it the initiator expects. */
  readonly #presented: number;
  readonly #end: number;
  #offset = 0;
  #credit: number;

  /** `allocationLength`: of the CDB: more than that is cut off (SPC-4 4.2.5.6). */
  constructor(command: Command, pool: BufferPool, bytes: Uint8Array, allocationLength: number) {
    this.#command = command;
    this.#pool = pool;
    this.#bytes = bytes;
    this.#presented = Math.min(bytes.length, allocationLength);
    this.#end = Math.min(this.#presented, command.dataInLength);
    this.#credit = command.dataInCredit;
  }

  grant(length: number): void {
    this.#credit += length;
  }

  /** Whether there is credit for the next piece. */
  get ready(): boolean {
    return this.#credit >= this.#next();
  }

  /** Whether the next `send` ends the command. */
  get last(): boolean {
    return this.#offset + this.#next() === this.#end;
  }

  send(): void {
    const offset = this.#offset;
    const length = this.#next();
    const result = this.last ? { status: Status.good, sense: null, presentedLength: this.#presented } : null;
    if (length === 0 && result !== null) return this.#command.complete(result);
    const lease = this.#pool.take(length);
    lease.bytes.set(this.#bytes.subarray(offset, offset + length));
    this.#offset += length;
    this.#credit -= length;
    this.#command.sendDataIn(offset, lease, result);
  }

  #next(): number {
    return Math.min(this.#command.readSetLength, this.#end - this.#offset);
  }
}
