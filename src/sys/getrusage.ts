import type { KoffiFunc } from 'koffi';
import { libc, orErrno } from './libc.ts';

type Getrusage = (who: number, usage: Uint8Array) => number;

const getrusage = libc.func('getrusage', 'int', ['int', 'void *']) as KoffiFunc<Getrusage>;

const RUSAGE_THREAD = 1;
/** struct rusage: two times of 16 bytes, and 14 longs of which ru_nivcsw is the last. */
const RUSAGE_LENGTH = 144;
const NIVCSW = 136;

const usage = new Uint8Array(RUSAGE_LENGTH);
const view = new DataView(usage.buffer);

/** getrusage(2): how often this thread has lost its processor to another one while it still wanted it. */
export function involuntarySwitches(): number {
  const result = orErrno(getrusage(RUSAGE_THREAD, usage));
  // It has no way to fail with these arguments.
  if (result < 0) throw new Error(`getrusage: errno ${-result}`);
  return view.getUint32(NIVCSW, true);
}
