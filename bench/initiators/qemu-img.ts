/** `qemu-img bench`: a number of reads or writes, each a fixed step behind the one before. */
import type { Processes } from '../processes.ts';
import { UNIT_BYTES, type Workload } from '../workloads.ts';
import type { Run } from './initiator.ts';

/**
 * Blocks from one scattered command to the next. It has no factor in common with what qemu-img wraps positions at
 * (the unit less one block), so that every block comes once before any comes twice.
 */
const SCATTER_STEP = 65_521;
const GRACE_SECONDS = 30;

export async function qemuImg(
  processes: Processes,
  url: string,
  workload: Workload,
  seconds: number,
  expectedRate: number,
): Promise<Run> {
  const commands = Math.max(workload.depth, Math.round(expectedRate * seconds));
  const step = workload.bytesPerCommand * (workload.scattered ? SCATTER_STEP : 1);
  if (step >= UNIT_BYTES) throw new Error('the step is longer than the unit');
  const direction = workload.writes ? ['-w', '--pattern', '165'] : [];
  const size = ['-s', `${workload.bytesPerCommand}`, '-S', `${step}`];
  const load = ['-c', `${commands}`, '-d', `${workload.depth}`];
  const args = ['bench', '-f', 'raw', ...direction, ...load, ...size, url];
  // Ten times as slow as expected is still a result.
  const { output, cpuSeconds } = await processes.runCounted('qemu-img', args, seconds * 10 + GRACE_SECONDS);
  return { commands, seconds: parseQemuImg(output), cpuSeconds };
}

/** Seconds, of `Run completed in 1.335 seconds.` */
export function parseQemuImg(output: string): number {
  const seconds = output.match(/Run completed in ([\d.]+) seconds/)?.[1];
  if (seconds === undefined) throw new Error(`qemu-img bench gave no result:\n${output}`);
  return Number(seconds);
}
