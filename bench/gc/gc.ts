/** The pauses of the garbage collector of running systems. */
import type { Bench, Report, SubCommand } from '../bench.ts';
import { loadPlan } from '../load/load-plan.ts';
import { sample } from '../load/sample.ts';
import { othersLine } from '../others-line.ts';
import { startBetaUnits, systemsOn, wayNames } from '../peers/beta-units.ts';
import { formatTable } from '../table.ts';
import { WATCHING, Watch } from '../watch/watch.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { settle, warm } from '../workspace.ts';
import { type GcRow, gcTable } from './pauses.ts';

const LOADS = [
  { title: '4 KiB random read, depth 32', writes: false },
  { title: '4 KiB random write, depth 32', writes: true },
];
const DEPTH = 32;

export const gc: SubCommand = {
  summary: 'pauses of the garbage collector under load',
  help: `Number, sum and maximum of the pauses of the garbage collector, by its kind, in each system that commands pass through: under 4 KiB reads
and under 4 KiB writes at depth 32, direct and proxied, by a watch inside of the systems.`,
  words: [],
  rounds: null,
  seconds: 60,
  run: measureGc,
};

async function measureGc(bench: Bench): Promise<Report> {
  const { processes, workspace, seconds, progress } = bench;
  progress('starting a cluster');
  const file = await workspace.unitFile('gc.img');
  const { cluster, paths } = await startBetaUnits(bench, {
    name: 'gc',
    files: [file],
    unitBytes: UNIT_BYTES,
    nodeArguments: WATCHING,
  });
  const watches = { alpha: new Watch(cluster.system('alpha')), beta: new Watch(cluster.system('beta')) };
  const rows: GcRow[] = [];
  const others: number[] = [];
  for (const { title, writes } of LOADS) {
    for (const way of wayNames) {
      progress(`${title}, ${way}`);
      await warm(file);
      const { url, servers } = paths[way];
      const load = (duration: number) =>
        sample(processes, servers, loadPlan(url, { writes, depth: DEPTH, seconds: duration }));
      // What the compiler does and leaves behind belongs to the first seconds alone.
      await load(1);
      for (const watch of Object.values(watches)) await watch.ask();
      const { commands, cpusOfOthers, seconds: taken } = await load(seconds);
      others.push(cpusOfOthers);
      for (const system of systemsOn[way]) {
        const { pauses } = await watches[system].ask();
        rows.push({ title, way, system, commands, seconds: taken, pauses });
      }
      await settle(file);
    }
  }
  await cluster.stop();
  return { text: `${othersLine(others)}\n\n${formatTable(gcTable(rows))}`, data: rows };
}
