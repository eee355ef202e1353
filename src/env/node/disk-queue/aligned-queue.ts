import { alignedBytes, isAligned } from '../../../sys/aligned-memory.ts';
import type { CallDone, DiskQueue } from './disk-queue.ts';

/**
 * For a device that was opened with O_DIRECT: it reads and writes memory itself, where that is aligned. Buffers of the pool are; what is not (a
 * piece that begins within a block) goes by way of a buffer that is.
 */
export class AlignedQueue implements DiskQueue {
  readonly #queue: DiskQueue;
  readonly #alignment: number;

  /** `alignment` of memory, in bytes: a power of two. */
  constructor(queue: DiskQueue, alignment: number) {
    this.#queue = queue;
    this.#alignment = alignment;
  }

  read(fd: number, buffer: Uint8Array, position: number, readsAhead: boolean, done: CallDone): void {
    if (isAligned(buffer, this.#alignment)) return this.#queue.read(fd, buffer, position, readsAhead, done);
    const aligned = alignedBytes(buffer.length, this.#alignment);
    this.#queue.read(fd, aligned, position, readsAhead, (length) => {
      if (length > 0) buffer.set(aligned.subarray(0, length));
      done(length);
    });
  }

  write(fd: number, buffer: Uint8Array, position: number, done: CallDone): void {
    if (isAligned(buffer, this.#alignment)) return this.#queue.write(fd, buffer, position, done);
    const aligned = alignedBytes(buffer.length, this.#alignment);
    aligned.set(buffer);
    this.#queue.write(fd, aligned, position, done);
  }

  flush(fd: number, done: CallDone): void {
    this.#queue.flush(fd, done);
  }

  allocate(fd: number, mode: number, position: number, length: number, done: CallDone): void {
    this.#queue.allocate(fd, mode, position, length, done);
  }
}
