import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import type { Command } from '../logical-unit.ts';

/** Receives a parameter list, with the unsolicited data that may be longer than it. */
export class ListReceiver {
  readonly #command: Command;
  readonly #pool: BufferPool;
  readonly #length: number;
  /** Bytes that come: the list, or more of it without having been asked for. */
  readonly #wanted: number;
  #lease: Lease | null = null;
  #arrived = 0;
  #filling = 0;
  #isAsked = false;

  /** `length`: of the list: no more than the initiator sends. */
  constructor(command: Command, pool: BufferPool, length: number) {
    this.#command = command;
    this.#pool = pool;
    this.#length = length;
    this.#wanted = Math.max(length, command.unsolicitedLength);
  }

  buffer(offset: number, length: number): Uint8Array {
    this.#lease ??= this.#pool.take(this.#wanted);
    this.#filling = length;
    return this.#lease.bytes.subarray(offset, offset + length);
  }

  arrived(): void {
    this.#arrived += this.#filling;
    this.#filling = 0;
  }

  lost(): void {
    this.#filling = 0;
  }

  /** Asks for what is missing. The list when it is whole, once; else null. */
  take(): Uint8Array | null {
    if (this.#filling > 0) return null;
    if (this.#arrived < this.#wanted) {
      if (this.#arrived >= this.#command.unsolicitedLength && !this.#isAsked) {
        this.#isAsked = true;
        this.#command.receiveDataOut(this.#arrived, this.#wanted - this.#arrived);
      }
      return null;
    }
    const list = this.#lease?.bytes.slice(0, this.#length) ?? new Uint8Array(0);
    this.drop();
    return list;
  }

  /** Nothing of it is wanted any more. A buffer that is being filled goes back when that is over. */
  drop(): void {
    if (this.#filling > 0) return;
    this.#lease?.release();
    this.#lease = null;
  }

  get isFilling(): boolean {
    return this.#filling > 0;
  }
}
