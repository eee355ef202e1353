import type { KoffiFunc } from 'koffi';
import { asyncResult, libc, type SysDone } from './libc.ts';

type Fallocate = (fd: number, mode: number, offset: number, length: number) => number;

const fallocate = libc.func('fallocate', 'int', ['int', 'int', 'long', 'long']) as KoffiFunc<Fallocate>;

const FALLOC_FL_KEEP_SIZE = 0x1;
const FALLOC_FL_PUNCH_HOLE = 0x2;
const FALLOC_FL_ZERO_RANGE = 0x10;

export const FallocateMode = {
  /**
   * The range reads as zeroes and takes no space. On a block device (multiples of its logical block) the kernel sends a command that zeroes
   * for certain and may unmap, or fails with EOPNOTSUPP (blkdev_fallocate).
   */
  punchHole: FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
  /** The range reads as zeroes; it may take space. On a block device the kernel writes zeroes where the device has no command for it. */
  zeroRange: FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
} as const;

/** fallocate(2), in the thread pool. */
export function fallocateInPool(
  fd: number,
  mode: number,
  position: number,
  length: number,
  done: SysDone,
): void {
  fallocate.async(fd, mode, position, length, asyncResult(done));
}
