import type { KoffiFunc } from 'koffi';
import { libc, orErrno } from './libc.ts';

type Flock = (fd: number, operation: number) => number;

const flock = libc.func('flock', 'int', ['int', 'int']) as KoffiFunc<Flock>;

const LOCK_EX = 2;
const LOCK_NB = 4;

/** flock(2): 0, or -EAGAIN where another process (or another open of this one) has the lock. Never waits. */
export function lockExclusively(fd: number): number {
  return orErrno(flock(fd, LOCK_EX | LOCK_NB));
}
