/**
 * The entry of the process that counts allocations: started with --expose-gc and room for all of a run in the young
 * generation, so that nothing is collected meanwhile. Its argument: commands before those that count. Prints an Allocations for each case, as JSON.
 */
import { Session } from 'node:inspector';
import { PerformanceObserver } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { MAX_DEPTH, type Target } from '../initiator.ts';
import { memoryUnit } from '../memory-unit.ts';
import { proxiedUnit } from '../proxied-unit.ts';
import { commandsThrough } from '../session.ts';
import { type Allocations, PROFILED_COMMANDS } from './allocations.ts';
import { allocationSites, type HeapProfile } from './heap-profile.ts';

const LENGTH = 4096;
/** Of each case. */
const WARM_UP_COMMANDS = Number(process.argv[2]);
const COUNTED_COMMANDS = 20_000;

let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

// A target for each: what one client has accessed last, another has to prove itself for.
const targets: Readonly<Record<string, () => Target | Promise<Target>>> = {
  direct: memoryUnit,
  proxied: proxiedUnit,
};
const results: Allocations[] = [];
for (const [way, make] of Object.entries(targets))
  for (const writes of [false, true]) results.push(await measure(way, await make(), writes));
console.log(JSON.stringify(results));

async function measure(way: string, target: Target, writes: boolean): Promise<Allocations> {
  const run = commandsThrough(target, { writes, length: LENGTH }, MAX_DEPTH);
  run(WARM_UP_COMMANDS);
  await collect();
  const before = process.memoryUsage();
  run(COUNTED_COMMANDS);
  const after = process.memoryUsage();
  await turn();
  if (collections > 0) throw new Error('there was a collection while allocations were counted');
  const sites = profile(() => run(PROFILED_COMMANDS));
  const each = (grown: number) => grown / COUNTED_COMMANDS;
  return {
    title: `4 KiB ${writes ? 'write' : 'read'}, ${way}`,
    heapBytes: each(after.heapUsed - before.heapUsed),
    externalBytes: each(after.external - before.external),
    sites: sites.map(({ name, bytes, objects }) => ({
      name,
      bytes: bytes / PROFILED_COMMANDS,
      objects: objects / PROFILED_COMMANDS,
    })),
  };
}

/** The observer hears of a collection in a later turn. */
async function collect(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('this needs --expose-gc');
  // Twice: memory of buffers is given back behind a collection, not in it.
  for (let i = 0; i < 2; i += 1) {
    gc();
    await turn();
  }
  await turn();
  collections = 0;
}

/** Every object is a sample: the interval is below the size of the smallest. */
function profile(run: () => void) {
  const session = new Session();
  session.connect();
  const included = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
  session.post('HeapProfiler.startSampling', { samplingInterval: 1, ...included });
  run();
  let taken: HeapProfile | null = null;
  session.post('HeapProfiler.stopSampling', (_, { profile }) => {
    // The types are of an older protocol, without samples and the ids of nodes.
    taken = profile as unknown as HeapProfile;
  });
  session.disconnect();
  if (taken === null) throw new Error('the profiler gave nothing');
  return allocationSites(taken);
}
