/**
 * Goes into a system with `node --import`: watches its event loop and its garbage collector from inside. SIGUSR2 has it print
 * what there was since the last one, to standard error, and then begin again (watch.ts).
 */
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { RESOLUTION_MILLISECONDS, WATCHED_LINE, type Watched } from './watched.ts';

const pauses: number[] = [];
const observer = new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) pauses.push(duration);
});
observer.observe({ entryTypes: ['gc'] });
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLISECONDS });
delay.enable();
let reports = 0;

process.on('SIGUSR2', () => {
  for (const { duration } of observer.takeRecords()) pauses.push(duration);
  const longestTurn = Math.max(0, delay.max / 1e6 - RESOLUTION_MILLISECONDS);
  // With --expose-gc alone: what is left is what is in use.
  const collect = globalThis.gc;
  collect?.();
  const { heapUsed, external } = process.memoryUsage();
  const watched: Watched = { pauses, longestTurn, usedBytes: heapUsed + external };
  reports += 1;
  process.stderr.write(`${WATCHED_LINE} ${reports} ${JSON.stringify(watched)}\n`);
  observer.takeRecords();
  pauses.length = 0;
  delay.reset();
});
