/** What a session costs that has logged in and does nothing. */
import type { Bench } from '../bench.ts';
import { loadPlan } from '../load/load-plan.ts';
import { RunningLoad } from '../load/run-load.ts';
import { sample } from '../load/sample.ts';
import { type BetaUnits, startBetaUnits, systemsOn, type Way, wayNames } from '../peers/beta-units.ts';
import type { SystemName } from '../peers/cluster-configuration.ts';
import { residentBytes } from '../proc.ts';
import { WATCHING, Watch } from '../watch/watch.ts';
import { UNIT_BYTES } from '../workloads.ts';
import { TOTAL_DEPTH } from './rows.ts';

export const IDLE_SESSIONS = 256;
export const IDLE_GOAL_BYTES = 64 << 10;
const WARM_UP_SECONDS = 2;

export interface Idle {
  readonly way: Way;
  readonly system: SystemName;
  /** By how much the resident memory has grown, for each session. */
  readonly residentEach: number;
  /** By how much heap and buffers that are in use have: what the sessions hold, without garbage and what V8 takes ahead. */
  readonly usedEach: number;
}

/** A cluster of its own for each way: what the sessions of one have left behind would be room for those of the other. */
export async function measureIdle(bench: Bench): Promise<Idle[]> {
  const rows: Idle[] = [];
  const file = await bench.workspace.sparseFile('scale-idle.img', UNIT_BYTES);
  for (const way of wayNames) {
    bench.progress(`idle sessions, ${way}`);
    const beta = await startBetaUnits(bench, {
      name: `scale-idle-${way}`,
      files: [file],
      unitBytes: UNIT_BYTES,
      nodeArguments: [...WATCHING, '--expose-gc'],
    });
    rows.push(...(await measureWay(bench, beta, way)));
    await beta.cluster.stop();
  }
  return rows;
}

async function measureWay({ processes }: Bench, { cluster, paths }: BetaUnits, way: Way): Promise<Idle[]> {
  const { url, servers } = paths[way];
  const plan = loadPlan(url, { depth: TOTAL_DEPTH, seconds: WARM_UP_SECONDS });
  await sample(processes, servers, plan);
  const systems = systemsOn[way].map((name) => {
    const process = cluster.system(name);
    return { name, pid: process.pid, watch: new Watch(process) };
  });
  const look = async () => {
    const resident = systems.map(({ pid }) => residentBytes(pid));
    const used: number[] = [];
    for (const { watch } of systems) used.push((await watch.ask()).usedBytes);
    return { resident, used };
  };
  // Collects garbage, so that what is resident before the sessions is not room for them.
  await look();
  const before = await look();
  const load = await RunningLoad.start(processes, { ...plan, sessions: IDLE_SESSIONS, depth: 0 });
  const after = await look();
  await load.stop();
  const each = (a: readonly number[], b: readonly number[], i: number) =>
    ((b[i] ?? 0) - (a[i] ?? 0)) / IDLE_SESSIONS;
  return systems.map(({ name }, i) => ({
    way,
    system: name,
    residentEach: each(before.resident, after.resident, i),
    usedEach: each(before.used, after.used, i),
  }));
}

/** What was resident before may have room for sessions: the goal is for the larger of both. */
export function idleTable(rows: readonly Idle[]): string[][] {
  const kibibytes = (bytes: number) => (bytes / 1024).toFixed(1);
  return [
    [`${IDLE_SESSIONS} idle sessions`, 'system', 'resident KiB each', 'goal', '', 'in use KiB each'],
    ...rows.map(({ way, system, residentEach, usedEach }) => [
      way,
      system,
      kibibytes(residentEach),
      `< ${kibibytes(IDLE_GOAL_BYTES)}`,
      Math.max(residentEach, usedEach) < IDLE_GOAL_BYTES ? 'PASS' : 'ABOVE',
      kibibytes(usedEach),
    ]),
  ];
}
