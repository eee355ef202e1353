/** 0 or more, what the system call would have returned, or a negative errno. */
export type CallDone = (result: number) => void;

/**
 * Carries out the calls on files that may wait for a medium, elsewhere than on the loop. A buffer is the queue's until `done`, which is called
 * later, once. As the system calls themselves, reads and writes may do less than all.
 */
export interface DiskQueue {
  /** `readsAhead`: the kernel reads more than is asked for, and may wait before all of that is under way. */
  read(fd: number, buffer: Uint8Array, position: number, readsAhead: boolean, done: CallDone): void;
  write(fd: number, buffer: Uint8Array, position: number, done: CallDone): void;
  /** fdatasync(2). */
  flush(fd: number, done: CallDone): void;
  /** fallocate(2). */
  allocate(fd: number, mode: number, position: number, length: number, done: CallDone): void;
}
