/** One session, and more and more units: a cluster for each number of them. */
import type { Bench } from '../bench.ts';
import { loadPlan } from '../load/load-plan.ts';
import { type Sample, sample } from '../load/sample.ts';
import { type BetaUnits, startBetaUnits, wayNames } from '../peers/beta-units.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { warm } from '../workspace.ts';
import { type Row, TOTAL_DEPTH } from './rows.ts';

export const UNITS = [1, 64, 1024];

export async function measureUnits(bench: Bench): Promise<Row[]> {
  const { processes, rounds, seconds, progress } = bench;
  const started = new Map<number, BetaUnits>();
  for (const count of UNITS) {
    progress(`starting a cluster with ${count} units`);
    started.set(count, await start(bench, count));
  }
  const rows = UNITS.flatMap((count) =>
    wayNames.map((way) => ({ way, isOurs: true, count, samples: [] as Sample[] })),
  );
  for (let round = 0; round < rounds; round += 1) {
    progress(`units: round ${round + 1} of ${rounds}`);
    for (const { way, count, samples } of rows) {
      const beta = started.get(count);
      if (beta === undefined) throw new Error(`no cluster with ${count} units`);
      // As many bytes in all, so that the page cache is the same for each row.
      const unitBytes = UNIT_BYTES / count;
      for (const { file } of beta.units) await warm(file, unitBytes);
      const luns = beta.units.map(({ lun }) => lun);
      const { url, servers } = beta.paths[way];
      const plan = loadPlan(url, { luns, unitBytes, depth: TOTAL_DEPTH, seconds });
      samples.push(await sample(processes, servers, plan));
    }
  }
  for (const { cluster } of started.values()) await cluster.stop();
  return rows;
}

async function start(bench: Bench, count: number): Promise<BetaUnits> {
  const name = `scale-${count}`;
  const files: string[] = [];
  for (let i = 1; i <= count; i += 1)
    files.push(await bench.workspace.sparseFile(`${name}-${i}.img`, UNIT_BYTES));
  return startBetaUnits(bench, { name, files, unitBytes: UNIT_BYTES });
}
