/** Login Request (RFC 7143 11.12). */

import { putU16, putU32, u8, u16, u24, u32 } from '../scsi/bytes.ts';
import { CONTINUE, IMMEDIATE, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Stages of CSG and NSG (11.12.3). */
export const LoginStage = { security: 0, operational: 1, reserved: 2, fullFeature: 3 } as const;
export type LoginStage = (typeof LoginStage)[keyof typeof LoginStage];

export const TRANSIT = 0x80;

export interface LoginRequest {
  readonly transit: boolean;
  readonly continues: boolean;
  /** 0-3, see LoginStage. */
  readonly currentStage: number;
  readonly nextStage: number;
  readonly versionMax: number;
  readonly versionMin: number;
  readonly dataSegmentLength: number;
  /** 12 hexadecimal digits. */
  readonly isid: string;
  readonly tsih: number;
  readonly initiatorTaskTag: number;
  readonly connectionId: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
}

export function decodeLoginRequest(header: Uint8Array): LoginRequest {
  const flags = u8(header, 1);
  return {
    transit: (flags & TRANSIT) !== 0,
    continues: (flags & CONTINUE) !== 0,
    currentStage: (flags >> 2) & 3,
    nextStage: flags & 3,
    versionMax: u8(header, 2),
    versionMin: u8(header, 3),
    dataSegmentLength: u24(header, 5),
    isid: isidOf(header),
    tsih: u16(header, 14),
    initiatorTaskTag: u32(header, 16),
    connectionId: u16(header, 20),
    cmdSN: u32(header, 24),
    expStatSN: u32(header, 28),
  };
}

export function encodeLoginRequest(pdu: LoginRequest, into: Uint8Array): void {
  const flags =
    (pdu.transit ? TRANSIT : 0) |
    (pdu.continues ? CONTINUE : 0) |
    ((pdu.currentStage & 3) << 2) |
    (pdu.nextStage & 3);
  startHeader(into, Opcode.loginRequest | IMMEDIATE, flags, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  into[2] = pdu.versionMax;
  into[3] = pdu.versionMin;
  putIsid(into, pdu.isid);
  putU16(into, 14, pdu.tsih);
  putU16(into, 20, pdu.connectionId);
  putU32(into, 24, pdu.cmdSN);
  putU32(into, 28, pdu.expStatSN);
}

/** Bytes 8-13 of a login PDU as 12 hexadecimal digits (11.12.5). */
export function isidOf(header: Uint8Array): string {
  let isid = '';
  for (let i = 8; i < 14; i++) isid += u8(header, i).toString(16).padStart(2, '0');
  return isid;
}

export function putIsid(into: Uint8Array, isid: string): void {
  for (let i = 0; i < 6; i++) into[8 + i] = Number.parseInt(isid.slice(i * 2, i * 2 + 2), 16);
}
