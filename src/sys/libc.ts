/** The C library of this process, and its errno. Every call of this folder gives a negative errno for a failure. */
import { endianness } from 'node:os';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import type { Errno } from '../env/disk.ts';

export const libc = koffi.load(null);

/** Structures are put together by hand as little-endian bytes, with 64-bit pointers. */
if (endianness() !== 'LE' || koffi.sizeof('void *') !== 8)
  throw new Error('this needs a 64-bit little-endian CPU');

/** The result of a C call, with its -1 turned into the negative errno. At once after the call. */
export function orErrno(result: number): number {
  return result < 0 ? -koffi.errno() : result;
}

/** 'ENOSPC' for a negative errno, by the names that node:fs uses too. */
export function errnoName(negative: number): Errno {
  return getSystemErrorName(negative);
}

/** Called later with the result of a call that ran in the thread pool: 0 or more, or a negative errno. */
export type SysDone = (result: number) => void;

/** For KoffiFunc's `async`: a failure of the machinery (not of the call) is our own bug. */
export function asyncResult(done: SysDone): (error: unknown, result: number) => void {
  return (error, result) => {
    if (error !== null) throw error;
    done(orErrno(result));
  };
}
