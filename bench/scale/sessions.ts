/** One unit, and more and more sessions. */
import type { Bench } from '../bench.ts';
import { loadPlan } from '../load/load-plan.ts';
import { type Sample, sample } from '../load/sample.ts';
import { startBetaUnits, wayNames } from '../peers/beta-units.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { warm } from '../workspace.ts';
import { type Row, TOTAL_DEPTH } from './rows.ts';

export const SESSIONS = [1, 16, 64, 256];

export async function measureSessions(bench: Bench): Promise<Row[]> {
  const { processes, workspace, rounds, seconds, progress } = bench;
  progress('starting a cluster with one unit');
  const file = await workspace.unitFile('scale-sessions.img');
  const options = { name: 'scale-sessions', files: [file], unitBytes: UNIT_BYTES };
  const { cluster, paths } = await startBetaUnits(bench, options);
  const rows = SESSIONS.flatMap((count) => wayNames.map((way) => ({ way, count, samples: [] as Sample[] })));
  for (let round = 0; round < rounds; round += 1) {
    progress(`sessions: round ${round + 1} of ${rounds}`);
    for (const { way, count, samples } of rows) {
      await warm(file);
      const { url, servers } = paths[way];
      const plan = loadPlan(url, { sessions: count, depth: TOTAL_DEPTH, seconds });
      samples.push(await sample(processes, servers, plan));
    }
  }
  await cluster.stop();
  return rows;
}
