/**
 * Goes into a system with `node --import`: watches its event loop and its garbage collector from inside. SIGUSR2 has it print
 * what there was since the last one, to standard error, and then begin again (watch.ts).
 */
import { monitorEventLoopDelay, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import {
  type CollectionKind,
  collectionKinds,
  RESOLUTION_MILLISECONDS,
  WATCHED_LINE,
  type Watched,
} from './watched.ts';

let pauses = noPauses();
const observer = new PerformanceObserver((list) => list.getEntries().forEach(take));
observer.observe({ entryTypes: ['gc'] });
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
delay.enable();
const bystandersLongest = new Int32Array(new SharedArrayBuffer(4));
// Without this system's arguments: it would be watched by one of its own.
const bystander = { workerData: bystandersLongest.buffer, execArgv: [] };
new Worker(new URL('./bystander.js', import.meta.url), bystander).unref();
let reports = 0;

process.on('SIGUSR2', () => {
  observer.takeRecords().forEach(take);
  const longestTurn = Math.max(0, delay.max / 1e6 - RESOLUTION_MILLISECONDS);
  const longestHeldUp = Atomics.exchange(bystandersLongest, 0, 0) / 1000;
  // With --expose-gc alone: what is left is what is in use.
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  const watched: Watched = { pauses, longestTurn, longestHeldUp, usedBytes: heapUsed + external };
  reports += 1;
  process.stderr.write(`${WATCHED_LINE} ${reports} ${JSON.stringify(watched)}\n`);
  observer.takeRecords();
  pauses = noPauses();
  delay.reset();
});

/** The entry of a collection has its kind in `detail` (perf_hooks, "PerformanceNodeTiming details"), which the types leave out. */
function take(entry: PerformanceEntry & { readonly detail?: { readonly kind: number } }): void {
  const kinds = Object.entries(collectionKinds) as [CollectionKind, number][];
  for (const [kind, number] of kinds)
    if (number === entry.detail?.kind) pauses[kind].push(Number(entry.duration.toFixed(3)));
}

function noPauses(): Record<CollectionKind, number[]> {
  return { minor: [], major: [], incremental: [], weak: [] };
}
