import type { KoffiFunc } from 'koffi';
import { asyncResult, libc, type SysDone } from './libc.ts';

type Lseek = (fd: number, offset: number, whence: number) => number;

const lseek = libc.func('lseek', 'long', ['int', 'long', 'int']) as KoffiFunc<Lseek>;

const SEEK_DATA = 3;
const SEEK_HOLE = 4;

/** lseek(2) in the thread pool: the first byte of data from `position` on; -ENXIO where only a hole is left. */
export function seekData(fd: number, position: number, done: SysDone): void {
  lseek.async(fd, position, SEEK_DATA, asyncResult(done));
}

/** lseek(2) in the thread pool: the first byte of a hole from `position` on; the end of file counts as one. */
export function seekHole(fd: number, position: number, done: SysDone): void {
  lseek.async(fd, position, SEEK_HOLE, asyncResult(done));
}
