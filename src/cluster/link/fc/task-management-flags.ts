/**
 * Task management functions, by the numbers of RFC 7143 11.5.1, as FCP_CMND carries them. ABORT TASK is no
 * flag of FCP_CMND: Fibre Channel aborts an exchange by its OX_ID, and the function that came names a task by its tag.
 */
import { FcpTaskManagement } from '../../../wire/fc/fcp-command.ts';

const flagsByFunction: ReadonlyMap<number, number> = new Map([
  [2, FcpTaskManagement.abortTaskSet],
  [3, FcpTaskManagement.clearAca],
  [4, FcpTaskManagement.clearTaskSet],
  [5, FcpTaskManagement.logicalUnitReset],
]);

/** 0: not one that FCP_CMND carries. */
export function flagsOf(taskManagementFunction: number): number {
  return flagsByFunction.get(taskManagementFunction) ?? 0;
}

/** 0: none, or not exactly one, that has a number. */
export function functionOf(flags: number): number {
  for (const [number, flag] of flagsByFunction) if (flag === flags) return number;
  return 0;
}
