/** One unit, and more and more sessions. */
import type { Bench } from '../bench.ts';
import { loadPlan } from '../load/load-plan.ts';
import { type Sample, sample } from '../load/sample.ts';
import { startBetaUnits } from '../peers/beta-units.ts';
import { Tgt } from '../peers/tgt.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { warm } from '../workspace.ts';
import { type Row, TOTAL_DEPTH } from './rows.ts';

export const SESSIONS = [1, 16, 64, 256];

export async function measureSessions(bench: Bench): Promise<Row[]> {
  const { processes, workspace, rounds, seconds, progress } = bench;
  progress('starting a cluster with one unit, and tgt');
  const files = [await workspace.unitFile('scale-sessions.img')];
  const { cluster, paths } = await startBetaUnits(bench, {
    name: 'scale-sessions',
    files,
    unitBytes: UNIT_BYTES,
  });
  const tgt = new Tgt(processes, workspace, true);
  const all = [...Object.values(paths), ...(await tgt.start())];
  const rows = SESSIONS.flatMap((count) =>
    all.map((path) => ({
      way: path.name,
      isOurs: Object.values(paths).includes(path),
      path,
      count,
      samples: [] as Sample[],
    })),
  );
  for (let round = 0; round < rounds; round += 1) {
    progress(`sessions: round ${round + 1} of ${rounds}`);
    for (const { path, count, samples } of rows) {
      await warm(path.file);
      const plan = loadPlan(path.url, { sessions: count, depth: TOTAL_DEPTH, seconds });
      samples.push(await sample(processes, path.servers, plan));
    }
  }
  await cluster.stop();
  await tgt.stop();
  return rows.map(({ way, isOurs, count, samples }) => ({ way, isOurs, count, samples }));
}
