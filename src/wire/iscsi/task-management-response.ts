/** Task Management Function Response (RFC 7143 11.6). */

import { u8, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Responses (11.6.1). */
export const TaskResponse = {
  functionComplete: 0,
  taskDoesNotExist: 1,
  lunDoesNotExist: 2,
  taskStillAllegiant: 3,
  reassignmentNotSupported: 4,
  functionNotSupported: 5,
  authorizationFailed: 6,
  functionRejected: 255,
} as const;
export type TaskResponse = (typeof TaskResponse)[keyof typeof TaskResponse];

export interface TaskManagementResponsePdu extends ResponseCounters {
  readonly response: number;
  readonly initiatorTaskTag: number;
}

export function encodeTaskManagementResponse(pdu: TaskManagementResponsePdu, into: Uint8Array): void {
  startHeader(into, Opcode.taskManagementResponse, FINAL, 0, pdu.initiatorTaskTag);
  into[2] = pdu.response;
  putCounters(into, pdu);
}

export function decodeTaskManagementResponse(header: Uint8Array): TaskManagementResponsePdu {
  return { response: u8(header, 2), initiatorTaskTag: u32(header, 16), ...countersOf(header) };
}
