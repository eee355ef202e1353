import type { KoffiFunc } from 'koffi';
import { libc, orErrno } from './libc.ts';

type Ioctl = (fd: number, request: number, type: 'void *', argument: Uint8Array) => number;

const ioctl = libc.func('int ioctl(int fd, unsigned long request, ...)') as KoffiFunc<Ioctl>;

const BLKROGET = 0x125e;
const BLKSSZGET = 0x1268;
const BLKGETSIZE64 = 0x80081272;

/** The size of a block device in bytes, or a negative errno. */
export function deviceByteLength(fd: number): number {
  const value = new DataView(new ArrayBuffer(8));
  const result = orErrno(ioctl(fd, BLKGETSIZE64, 'void *', new Uint8Array(value.buffer)));
  if (result < 0) return result;
  const high = value.getUint32(4, true);
  if (high >= 1 << 21) throw new Error('a block device of 2^53 bytes or more');
  return high * 2 ** 32 + value.getUint32(0, true);
}

/** The logical block of a block device in bytes, or a negative errno. */
export function deviceBlockLength(fd: number): number {
  return askInt(fd, BLKSSZGET);
}

/** 1 for a block device that can only be read, 0 for another, or a negative errno. */
export function deviceIsReadOnly(fd: number): number {
  return askInt(fd, BLKROGET);
}

function askInt(fd: number, request: number): number {
  const value = new DataView(new ArrayBuffer(4));
  const result = orErrno(ioctl(fd, request, 'void *', new Uint8Array(value.buffer)));
  return result < 0 ? result : value.getUint32(0, true);
}
