/** What more sessions and more units cost: rates and memory, and the memory of a session that does nothing. */
import type { Bench, Report, SubCommand } from '../bench.ts';
import { othersLine } from '../others-line.ts';
import { formatTable } from '../table.ts';
import { IDLE_GOAL_BYTES, IDLE_SESSIONS, idleTable, measureIdle } from './idle.ts';
import { LEAST_SHARE, rowTable, TOTAL_DEPTH } from './rows.ts';
import { measureSessions, SESSIONS } from './sessions.ts';
import { measureUnits, UNITS } from './units.ts';

export const scale: SubCommand = {
  summary: 'rates and memory with many sessions and many units',
  help: `4 KiB random reads by one client process, ${TOTAL_DEPTH} outstanding in all in every row (as many as one session may have):
with ${SESSIONS.join(', ')} sessions, which take turns, on one unit; with one session on ${UNITS.join(', ')} units (sparse files, as many bytes
read of all together); each at the owner's own port and through a proxy port, and the sessions at tgt (tuned) too: with one session the
answers to many commands go out in one write, with many they can't, whoever the target is. Then ${IDLE_SESSIONS} sessions that do nothing.

Goals: the row with the most sessions or units has at least ${LEAST_SHARE} of the best row's rate; less than ${IDLE_GOAL_BYTES >> 10} KiB
for an idle session.

"client" is the share of one CPU that the client process uses: near 1, the rate is the client's and not the systems'.`,
  rounds: 3,
  seconds: 3,
  run: measureScale,
};

async function measureScale(bench: Bench): Promise<Report> {
  const sessions = await measureSessions(bench);
  const units = await measureUnits(bench);
  const idle = await measureIdle(bench);
  const tables = [rowTable('sessions', sessions), rowTable('units', units), idleTable(idle)];
  const others = [...sessions, ...units].flatMap(({ samples }) => samples.map((each) => each.cpusOfOthers));
  return {
    text: [othersLine(others), ...tables.map(formatTable)].join('\n\n'),
    data: { sessions, units, idle },
  };
}
