/** Login Response (RFC 7143 11.13). */

import { putU16, u8, u16, u24, u32 } from '../scsi/bytes.ts';
import { CONTINUE, countersOf, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { isidOf, putIsid, TRANSIT } from './login-request.ts';
import { Opcode } from './opcode.ts';

export interface LoginResponse extends ResponseCounters {
  readonly transit: boolean;
  readonly continues: boolean;
  readonly currentStage: number;
  readonly nextStage: number;
  readonly dataSegmentLength: number;
  readonly isid: string;
  readonly tsih: number;
  readonly initiatorTaskTag: number;
  /** login-status.ts */
  readonly status: number;
}

export function encodeLoginResponse(pdu: LoginResponse, into: Uint8Array): void {
  const flags =
    (pdu.transit ? TRANSIT : 0) |
    (pdu.continues ? CONTINUE : 0) |
    ((pdu.currentStage & 3) << 2) |
    (pdu.nextStage & 3);
  startHeader(into, Opcode.loginResponse, flags, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  // Version-max and Version-active stay 0: the version of RFC 7143 is 0x00.
  putIsid(into, pdu.isid);
  putU16(into, 14, pdu.tsih);
  putCounters(into, pdu);
  putU16(into, 36, pdu.status);
}

export function decodeLoginResponse(header: Uint8Array): LoginResponse {
  const flags = u8(header, 1);
  return {
    transit: (flags & TRANSIT) !== 0,
    continues: (flags & CONTINUE) !== 0,
    currentStage: (flags >> 2) & 3,
    nextStage: flags & 3,
    dataSegmentLength: u24(header, 5),
    isid: isidOf(header),
    tsih: u16(header, 14),
    initiatorTaskTag: u32(header, 16),
    ...countersOf(header),
    status: u16(header, 36),
  };
}
