/** One load, and what the servers of its path used meanwhile. */

import type { Server } from '../peers/peer.ts';
import { cpuSeconds, machineCpuSeconds, peakMemoryMiB, residentBytes } from '../proc.ts';
import type { Processes } from '../processes.ts';
import type { LoadPlan, LoadResult } from './load-plan.ts';
import { RunningLoad } from './run-load.ts';

export interface Sample extends LoadResult {
  /** Of all servers, for a command, in seconds. */
  readonly serverCpuSeconds: number;
  /** CPUs that neither they nor the load kept busy meanwhile. */
  readonly cpusOfOthers: number;
  /** At the end, by server. */
  readonly residentBytes: Readonly<Record<string, number>>;
  /** At the most since they started, by server: with what was under way. */
  readonly peakMiB: Readonly<Record<string, number>>;
}

export async function sample(
  processes: Processes,
  servers: readonly Server[],
  plan: LoadPlan,
): Promise<Sample> {
  const used = () => ({
    servers: servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    machine: machineCpuSeconds(),
  });
  const byServer = (value: (pid: number) => number) =>
    Object.fromEntries(servers.map(({ name, pid }) => [name, value(pid)] as const));
  const load = await RunningLoad.start(processes, plan);
  try {
    await load.counting();
    const before = used();
    const result = await load.result();
    const after = used();
    const ours = after.servers - before.servers;
    const ofOthers = after.machine - before.machine - ours - result.cpuSeconds;
    return {
      ...result,
      serverCpuSeconds: ours / result.commands,
      cpusOfOthers: Math.max(0, ofOthers / result.seconds),
      residentBytes: byServer(residentBytes),
      peakMiB: byServer(peakMemoryMiB),
    };
  } finally {
    await load.stop();
  }
}

export function rateOf({ commands, seconds }: LoadResult): number {
  return commands / seconds;
}
