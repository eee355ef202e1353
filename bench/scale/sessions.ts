/** One unit, and more and more sessions. */
import type { Bench } from '../bench.ts';
import { type Sample, sample } from '../load/sample.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { warm } from '../workspace.ts';
import type { Row } from './rows.ts';
import { randomReads, startBetaUnits, wayNames } from './ways.ts';

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
      const plan = { luns: [1], unitBytes: UNIT_BYTES, sessions: count, seconds };
      const { servers } = paths[way];
      samples.push(await sample(processes, servers, randomReads(paths[way], plan)));
    }
  }
  await cluster.stop();
  return rows;
}
