/** Reads of a file that is not in the page cache: as fast as those of other targets, and without the event loop waiting for the medium. */
import type { Bench, Report, SubCommand } from '../bench.ts';
import { loadPlan } from '../load/load-plan.ts';
import { sample } from '../load/sample.ts';
import { othersLine } from '../others-line.ts';
import { startBetaUnits } from '../peers/beta-units.ts';
import { Istgt } from '../peers/istgt.ts';
import type { Path } from '../peers/peer.ts';
import { Tgt } from '../peers/tgt.ts';
import { formatTable } from '../table.ts';
import { WATCHING, Watch } from '../watch/watch.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { BLOCKED_GOAL_MILLISECONDS, type ColdRow, coldRow, OURS, uncachedTable } from './cold-rows.ts';
import { cachedShare, dropCached } from './page-cache.ts';

/** A file of which more is cached than that has not been dropped. */
const DROPPED_SHARE = 0.01;

export const uncached: SubCommand = {
  summary: 'reads of what is not in the page cache, against other targets',
  help: `Reads of a file whose pages have been dropped (posix_fadvise; mincore says whether they are gone), each place once: direct, of tgt with
its defaults and tuned, and of istgt, in turns, each with a file of its own. And how long our event loop did not come round
meanwhile, at the longest, by a watch inside of the system; and for how long, at the longest, the machine held up a thread beside it that does
nothing: where that is as long, it was the machine.

Goals: no slower than the best of the others; never blocked for more than ${BLOCKED_GOAL_MILLISECONDS} ms.`,
  words: [],
  rounds: 3,
  seconds: 3,
  run: measureUncached,
};

async function measureUncached(bench: Bench): Promise<Report> {
  const { processes, workspace, rounds, progress } = bench;
  progress('starting tgt twice, istgt, and a cluster');
  const others = [
    new Tgt(processes, workspace, false),
    new Tgt(processes, workspace, true),
    new Istgt(processes, workspace),
  ];
  const paths: Path[] = [];
  for (const other of others) paths.push(...(await other.start()));
  const { cluster, paths: ours } = await startBetaUnits(bench, {
    name: 'uncached',
    files: [await workspace.unitFile('uncached.img')],
    unitBytes: UNIT_BYTES,
    nodeArguments: WATCHING,
  });
  paths.push(ours.direct);
  const watch = new Watch(cluster.system('beta'));
  const rows = [
    coldRow('4 KiB random read, depth 1', { bytesPerCommand: 4096, scattered: true, depth: 1 }),
    coldRow('4 KiB random read, depth 32', { bytesPerCommand: 4096, scattered: true, depth: 32 }),
    coldRow('256 KiB sequential read, depth 8', { bytesPerCommand: 262_144, scattered: false, depth: 8 }),
  ];
  for (let round = 0; round < rounds; round += 1) {
    progress(`round ${round + 1} of ${rounds}`);
    for (const row of rows) for (const path of paths) await measure(bench, row, path, watch);
  }
  await cluster.stop();
  for (const other of others) await other.stop();
  const samples = rows.flatMap(({ samples }) => Object.values(samples).flat());
  const text = [
    othersLine(samples.map(({ cpusOfOthers }) => cpusOfOthers)),
    formatTable(uncachedTable(rows)),
  ];
  return { text: text.join('\n\n'), data: rows };
}

async function measure({ processes, seconds }: Bench, row: ColdRow, path: Path, watch: Watch): Promise<void> {
  await dropCached(path.file);
  const cached = await cachedShare(path.file);
  if (cached > DROPPED_SHARE) throw new Error(`${(100 * cached).toFixed(0)} % of ${path.file} stay cached`);
  // What its loop has been through before is not of this row.
  await watch.ask();
  const plan = loadPlan(path.url, { ...row.load, once: true, warmUpSeconds: 0, seconds });
  const ofPath = row.samples[path.name] ?? [];
  row.samples[path.name] = ofPath;
  ofPath.push(await sample(processes, path.servers, plan));
  const { longestTurn, longestHeldUp } = await watch.ask();
  if (path.name === OURS) row.blocked.push({ longestTurn, longestHeldUp });
}
