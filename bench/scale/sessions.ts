/** One unit, and more and more sessions: with as much outstanding in all, or with as much each. */
import type { Bench } from '../bench.ts';
import { type LoadPlan, loadPlan } from '../load/load-plan.ts';
import { type Sample, sample } from '../load/sample.ts';
import { startBetaUnits } from '../peers/beta-units.ts';
import { Tgt } from '../peers/tgt.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { warm } from '../workspace.ts';
import { type Row, TOTAL_DEPTH } from './rows.ts';

export const SESSIONS = [1, 16, 64, 256];

/**
 * Outstanding in each session: far below our target's window of 128. With the most sessions, 32 each are as many tasks as one of our units
 * takes (`ScsiLimits.maxTasksPerUnit`), and twice the exchanges of one link (`LinkLimits.maxExchanges`): a proxied one refuses some.
 */
export const DEPTHS_EACH = [8, 32];

export type Depth = Pick<LoadPlan, 'depth' | 'depthOf'>;
export const SAME_WORK: Depth = { depth: TOTAL_DEPTH, depthOf: 'all' };

/** With systems of its own, whose memory no other work has been through. */
export async function measureSessions(bench: Bench, outstanding: Depth): Promise<Row[]> {
  const { processes, workspace, rounds, seconds, progress } = bench;
  const { depth, depthOf } = outstanding;
  const title = `sessions, ${depth} outstanding ${depthOf === 'all' ? 'in all' : 'each'}`;
  progress(`${title}: starting a cluster with one unit, and tgt`);
  const name = `scale-sessions-${depth}-${depthOf}`;
  const files = [await workspace.unitFile(`${name}.img`)];
  const { cluster, paths } = await startBetaUnits(bench, { name, files, unitBytes: UNIT_BYTES });
  const tgt = new Tgt(processes, workspace, true);
  const all = [...Object.values(paths), ...(await tgt.start())];
  const rows = SESSIONS.flatMap((count) =>
    all.map((path) => ({
      way: path.name,
      isOurs: Object.values(paths).includes(path),
      path,
      count,
      samples: [] as Sample[],
      failed: false,
    })),
  );
  for (let round = 0; round < rounds; round += 1) {
    progress(`${title}: round ${round + 1} of ${rounds}`);
    for (const row of rows) {
      if (row.failed) continue;
      const { path, count, samples } = row;
      await warm(path.file);
      const plan = loadPlan(path.url, { ...outstanding, sessions: count, seconds });
      try {
        samples.push(await sample(processes, path.servers, plan));
      } catch (error) {
        progress(`${count} sessions, ${path.name}: ${error instanceof Error ? error.message : error}`);
        row.failed = true;
        samples.length = 0;
      }
    }
  }
  await cluster.stop();
  await tgt.stop();
  return rows.map(({ way, isOurs, count, samples }) => ({ way, isOurs, count, samples }));
}
