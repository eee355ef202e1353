import type { BufferPool, Lease } from '../buffers/buffer-pool.ts';
import type { Task } from './logical-unit.ts';

/** What is left of a command that has ended: data-out that still comes has somewhere to go, and is forgotten. */
export class DiscardedData implements Task {
  readonly #pool: BufferPool;
  #lease: Lease | null = null;

  constructor(pool: BufferPool) {
    this.#pool = pool;
  }

  dataOutBuffer(_offset: number, length: number): Uint8Array {
    this.#lease = this.#pool.take(length);
    return this.#lease.bytes;
  }

  dataOutArrived(): void {
    this.#lease?.release();
    this.#lease = null;
  }

  dataOutLost(): void {
    this.dataOutArrived();
  }

  grant(_length: number): void {}

  letGo(): void {}
}
