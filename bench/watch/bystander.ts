/**
 * A thread of a watched system that does nothing but look how long it could not, every millisecond: for so long nobody let the process run,
 * and its event loop is not to blame. `workerData`: memory for the longest time since it was last set to 0, in µs.
 */
import { workerData } from 'node:worker_threads';
import { RESOLUTION_MILLISECONDS } from './watched.ts';

const longest = new Int32Array(workerData);
/** Nobody ever wakes it. */
const never = new Int32Array(new SharedArrayBuffer(4));

for (let last = performance.now(); ; ) {
  Atomics.wait(never, 0, 0, RESOLUTION_MILLISECONDS);
  const now = performance.now();
  const late = Math.round(1000 * (now - last - RESOLUTION_MILLISECONDS));
  if (late > Atomics.load(longest, 0)) Atomics.store(longest, 0, late);
  last = now;
}
