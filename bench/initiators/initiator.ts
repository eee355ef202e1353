import type { Processes } from '../processes.ts';
import type { Workload } from '../workloads.ts';
import { iscsiPerf } from './iscsi-perf.ts';
import { qemuImg } from './qemu-img.ts';

/** What an initiator says that it did. */
export interface Done {
  readonly commands: number;
  /** While commands were under way. */
  readonly seconds: number;
}

/** One run of an initiator. */
export interface Run extends Done {
  /** Of its process, login and all. */
  readonly cpuSeconds: number;
}

/**
 * A load generator. `expectedRate`: commands a second to expect, for tools that are told how many commands to
 * send instead of how long to go on.
 */
export type Initiator = (
  processes: Processes,
  url: string,
  workload: Workload,
  seconds: number,
  expectedRate: number,
) => Promise<Run>;

/** iscsi-perf knows no writes; qemu-img bench no random positions, only steps. */
export function initiatorFor(workload: Workload): Initiator {
  return workload.writes ? qemuImg : iscsiPerf;
}
