/** libiscsi's iscsi-perf: reads, one behind the other or at random blocks, for a number of seconds. */
import type { Processes } from '../processes.ts';
import type { Workload } from '../workloads.ts';
import type { Done, Run } from './initiator.ts';

/** iscsi-perf counts in the unit's blocks, and every unit under test has this length of them. */
const BLOCK_BYTES = 512;
/** For login, and for the commands that are under way when the time is up. */
const GRACE_SECONDS = 20;

export async function iscsiPerf(
  processes: Processes,
  url: string,
  workload: Workload,
  seconds: number,
): Promise<Run> {
  const blocks = workload.bytesPerCommand / BLOCK_BYTES;
  const order = workload.scattered ? ['-r'] : [];
  const args = ['-m', `${workload.depth}`, '-b', `${blocks}`, ...order, '-t', `${seconds}`, url];
  const { output, cpuSeconds } = await processes.runCounted('iscsi-perf', args, seconds + GRACE_SECONDS);
  return { ...parseIscsiPerf(output, workload.bytesPerCommand, seconds), cpuSeconds };
}

/** The summary is the last of the lines that it writes over each other: `iops average 39292 (153 MB/s)`. */
export function parseIscsiPerf(output: string, bytesPerCommand: number, seconds: number): Done {
  if (!output.includes(`(${bytesPerCommand} byte)`))
    throw new Error(`iscsi-perf did not read ${bytesPerCommand} bytes at a time:\n${output}`);
  const rate = output.match(/\riops average (\d+) /)?.[1];
  if (rate === undefined || !output.includes('finished.'))
    throw new Error(`iscsi-perf gave no result:\n${output}`);
  return { commands: Number(rate) * seconds, seconds };
}
