/** What more sessions and more units cost: rates and memory, and the memory of a session that does nothing. */
import type { Bench, Report, SubCommand } from '../bench.ts';
import { othersLine } from '../others-line.ts';
import { formatTable } from '../table.ts';
import { IDLE_GOAL_BYTES, IDLE_SESSIONS, idleTable, measureIdle } from './idle.ts';
import { LEAST_SHARE, type Row, rowTable, TOTAL_DEPTH } from './rows.ts';
import { DEPTHS_EACH, measureSessions, SAME_WORK, SESSIONS } from './sessions.ts';
import { measureUnits, UNITS } from './units.ts';

interface Measured {
  readonly tables: readonly string[][][];
  /** One a sample. */
  readonly cpusOfOthers: readonly number[];
  readonly data: object;
}

/** By the word that measures them alone, in the order in which they come. */
const parts: Readonly<Record<string, (bench: Bench) => Promise<Measured>>> = {
  async sessions(bench) {
    const rows = await measureSessions(bench, SAME_WORK);
    return { tables: [rowTable('sessions', rows)], cpusOfOthers: othersOf(rows), data: rows };
  },
  async depth(bench) {
    const byDepth: Record<string, Row[]> = {};
    for (const depth of DEPTHS_EACH)
      byDepth[depth] = await measureSessions(bench, { depth, depthOf: 'each' });
    return {
      tables: Object.entries(byDepth).map(([depth, rows]) => rowTable(`sessions, ${depth} each`, rows)),
      cpusOfOthers: othersOf(Object.values(byDepth).flat()),
      data: byDepth,
    };
  },
  async units(bench) {
    const rows = await measureUnits(bench);
    return { tables: [rowTable('units', rows)], cpusOfOthers: othersOf(rows), data: rows };
  },
  async idle(bench) {
    const rows = await measureIdle(bench);
    return { tables: [idleTable(rows)], cpusOfOthers: [], data: rows };
  },
};

export const scale: SubCommand = {
  summary: 'rates and memory with many sessions and many units',
  help: `4 KiB random reads by one client process, each table at the owner's own port and through a proxy port, and the sessions at tgt (tuned) too:

sessions  ${SESSIONS.join(', ')} of them on one unit, ${TOTAL_DEPTH} commands outstanding in all in every row (as many as one session may have), in turns: with
          one session the answers to many commands go out in one write, with many they can't, whoever the target is
depth     as many sessions on one unit, with ${DEPTHS_EACH.join(' and with ')} outstanding each: the work grows with them
units     one session on ${UNITS.join(', ')} of them (sparse files, as many bytes read of all together), ${TOTAL_DEPTH} outstanding in all
idle      ${IDLE_SESSIONS} sessions that do nothing

Goals: the row with the most sessions or units has at least ${LEAST_SHARE} of the best row's rate; less than ${IDLE_GOAL_BYTES >> 10} KiB
for an idle session.

"client" is the share of one CPU that the client process uses: near 1, the rate is the client's and not the systems'. "refused": for so
many commands the target had no room (TASK SET FULL); they are sent again, and their sessions keep fewer outstanding from then on. "failed": a command or the way to the unit did.`,
  words: Object.keys(parts),
  rounds: 3,
  seconds: 3,
  run: measureScale,
};

async function measureScale(bench: Bench, only: string): Promise<Report> {
  const measured: [string, Measured][] = [];
  for (const [name, measure] of Object.entries(parts))
    if (only === '' || only === name) measured.push([name, await measure(bench)]);
  const tables = measured.flatMap(([, part]) => part.tables.map(formatTable));
  const others = measured.flatMap(([, { cpusOfOthers }]) => cpusOfOthers);
  return {
    text: [...(others.length === 0 ? [] : [othersLine(others)]), ...tables].join('\n\n'),
    data: Object.fromEntries(measured.map(([name, { data }]) => [name, data])),
  };
}

function othersOf(rows: readonly Row[]): number[] {
  return rows.flatMap(({ samples }) => samples.map(({ cpusOfOthers }) => cpusOfOthers));
}
