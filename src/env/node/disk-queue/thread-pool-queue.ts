import { fdatasync, read, write } from 'node:fs';
import { fallocateInPool } from '../../../sys/fallocate.ts';
import type { CallDone, DiskQueue } from './disk-queue.ts';

/** Node's thread pool: four threads for all files, and 20 to 45 µs there and back. It works everywhere. */
export class ThreadPoolQueue implements DiskQueue {
  read(fd: number, buffer: Uint8Array, position: number, _readsAhead: boolean, done: CallDone): void {
    read(fd, buffer, 0, buffer.length, position, (error, length) => done(resultOf(error, length)));
  }

  write(fd: number, buffer: Uint8Array, position: number, done: CallDone): void {
    write(fd, buffer, 0, buffer.length, position, (error, length) => done(resultOf(error, length)));
  }

  flush(fd: number, done: CallDone): void {
    fdatasync(fd, (error) => done(resultOf(error, 0)));
  }

  allocate(fd: number, mode: number, position: number, length: number, done: CallDone): void {
    fallocateInPool(fd, mode, position, length, done);
  }
}

/** An error without a number is none of the kernel's: Node has refused the arguments, which is our own bug. */
function resultOf(error: NodeJS.ErrnoException | null, result: number): number {
  if (error === null) return result;
  if (error.errno === undefined) throw error;
  return error.errno;
}
