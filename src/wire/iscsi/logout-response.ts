/** Logout Response (RFC 7143 11.15). */

import { putU16, u8, u16, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Responses (11.15.1). */
export const LogoutResult = {
  closed: 0,
  connectionIdNotFound: 1,
  recoveryNotSupported: 2,
  cleanupFailed: 3,
} as const;
export type LogoutResult = (typeof LogoutResult)[keyof typeof LogoutResult];

export interface LogoutResponse extends ResponseCounters {
  readonly response: number;
  readonly initiatorTaskTag: number;
  /** Seconds (11.15.3, 11.15.4). */
  readonly time2Wait: number;
  readonly time2Retain: number;
}

export function encodeLogoutResponse(pdu: LogoutResponse, into: Uint8Array): void {
  startHeader(into, Opcode.logoutResponse, FINAL, 0, pdu.initiatorTaskTag);
  into[2] = pdu.response;
  putCounters(into, pdu);
  putU16(into, 40, pdu.time2Wait);
  putU16(into, 42, pdu.time2Retain);
}

export function decodeLogoutResponse(header: Uint8Array): LogoutResponse {
  return {
    response: u8(header, 2),
    initiatorTaskTag: u32(header, 16),
    ...countersOf(header),
    time2Wait: u16(header, 40),
    time2Retain: u16(header, 42),
  };
}
