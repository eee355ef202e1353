import koffi, { type KoffiFunc } from 'koffi';
import { libc, orErrno } from './libc.ts';

type Preadv2 = (fd: number, iovec: Uint8Array, count: number, offset: number, flags: number) => number;

const preadv2 = libc.func('preadv2', 'long', [
  'int',
  'const void *',
  'int',
  'long',
  'int',
]) as KoffiFunc<Preadv2>;

const RWF_NOWAIT = 0x8;

/** One struct iovec for all calls: none of them outlives its call. */
const iovec = new Uint8Array(16);
const iovecView = new DataView(iovec.buffer);

/**
 * preadv2(2) with RWF_NOWAIT: the bytes from `position` on that are in the page cache, without waiting for
 * the medium. Gives their number, or a negative errno: EAGAIN where the first byte is not cached, EOPNOTSUPP
 * where the file system can't tell.
 */
export function readNowait(fd: number, buffer: Uint8Array, position: number): number {
  // An address is the one thing that koffi gives as a BigInt: 60 ns of the 700 that this call takes.
  iovecView.setBigUint64(0, koffi.address(buffer), true);
  iovecView.setUint32(8, buffer.length, true);
  return orErrno(preadv2(fd, iovec, 1, position, RWF_NOWAIT));
}
