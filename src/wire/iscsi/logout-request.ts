/** Logout Request (RFC 7143 11.14). */

import { putU16, putU32, u8, u16, u32 } from '../scsi/bytes.ts';
import { FINAL, IMMEDIATE, isImmediate, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Reasons (11.14.1). */
export const LogoutReason = { closeSession: 0, closeConnection: 1, removeForRecovery: 2 } as const;
export type LogoutReason = (typeof LogoutReason)[keyof typeof LogoutReason];

export interface LogoutRequest {
  readonly immediate: boolean;
  /** 0-127; LogoutReason has those that mean something. */
  readonly reason: number;
  readonly initiatorTaskTag: number;
  readonly connectionId: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
}

export function decodeLogoutRequest(header: Uint8Array): LogoutRequest {
  return {
    immediate: isImmediate(header),
    reason: u8(header, 1) & 0x7f,
    initiatorTaskTag: u32(header, 16),
    connectionId: u16(header, 20),
    cmdSN: u32(header, 24),
    expStatSN: u32(header, 28),
  };
}

export function encodeLogoutRequest(pdu: LogoutRequest, into: Uint8Array): void {
  const opcode = Opcode.logoutRequest | (pdu.immediate ? IMMEDIATE : 0);
  startHeader(into, opcode, FINAL | pdu.reason, 0, pdu.initiatorTaskTag);
  putU16(into, 20, pdu.connectionId);
  putU32(into, 24, pdu.cmdSN);
  putU32(into, 28, pdu.expStatSN);
}
