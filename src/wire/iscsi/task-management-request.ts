/** Task Management Function Request (RFC 7143 11.5). */

import { putU32, u8, u32 } from '../scsi/bytes.ts';
import { FINAL, IMMEDIATE, isImmediate, lunOf, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Functions (11.5.1). */
export const TaskFunction = {
  abortTask: 1,
  abortTaskSet: 2,
  clearAca: 3,
  clearTaskSet: 4,
  logicalUnitReset: 5,
  targetWarmReset: 6,
  targetColdReset: 7,
  taskReassign: 8,
} as const;
export type TaskFunction = (typeof TaskFunction)[keyof typeof TaskFunction];

export interface TaskManagementRequest {
  readonly immediate: boolean;
  /** 0-127; TaskFunction has those that mean something. */
  readonly function: number;
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  readonly referencedTaskTag: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
  readonly refCmdSN: number;
  /** Of TASK REASSIGN (11.5.6): what comes before it is there; 0: as was acknowledged. */
  readonly expDataSN: number;
}

export function decodeTaskManagementRequest(header: Uint8Array): TaskManagementRequest {
  return {
    immediate: isImmediate(header),
    function: u8(header, 1) & 0x7f,
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    referencedTaskTag: u32(header, 20),
    cmdSN: u32(header, 24),
    expStatSN: u32(header, 28),
    refCmdSN: u32(header, 32),
    expDataSN: u32(header, 36),
  };
}

export function encodeTaskManagementRequest(pdu: TaskManagementRequest, into: Uint8Array): void {
  const opcode = Opcode.taskManagementRequest | (pdu.immediate ? IMMEDIATE : 0);
  startHeader(into, opcode, FINAL | pdu.function, 0, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.referencedTaskTag);
  putU32(into, 24, pdu.cmdSN);
  putU32(into, 28, pdu.expStatSN);
  putU32(into, 32, pdu.refCmdSN);
  putU32(into, 36, pdu.expDataSN);
}
