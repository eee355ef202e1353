/** SCSI Response (RFC 7143 11.4). Its data segment: SenseLength (2 bytes), then the sense data (11.4.7). */

import { putU16, putU32, u8, u16, u24, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Residual bits of byte 1, here and in Data-In with status (11.4.1, 11.7.2). */
export const OVERFLOW = 0x04;
export const UNDERFLOW = 0x02;

export interface ScsiResponse extends ResponseCounters {
  /** OVERFLOW, UNDERFLOW, or 0. */
  residualFlags: number;
  /** 0: command completed at target; 1: target failure (11.4.3). */
  response: number;
  status: number;
  dataSegmentLength: number;
  initiatorTaskTag: number;
  expDataSN: number;
  residualCount: number;
}

export function encodeScsiResponse(pdu: ScsiResponse, into: Uint8Array): void {
  startHeader(
    into,
    Opcode.scsiResponse,
    FINAL | pdu.residualFlags,
    pdu.dataSegmentLength,
    pdu.initiatorTaskTag,
  );
  into[2] = pdu.response;
  into[3] = pdu.status;
  putCounters(into, pdu);
  putU32(into, 36, pdu.expDataSN);
  putU32(into, 44, pdu.residualCount);
}

/** What an answer says that is sent again after an R-Data SNACK (11.4.4, 11.16.3): its tag (0: none), and how much data there was. */
export function putResponseTags(into: Uint8Array, snackTag: number, expDataSN: number): void {
  putU32(into, 20, snackTag);
  putU32(into, 36, expDataSN);
}

export function snackTagOf(header: Uint8Array): number {
  return u32(header, 20);
}

export function decodeScsiResponse(header: Uint8Array): ScsiResponse {
  return {
    residualFlags: u8(header, 1) & (OVERFLOW | UNDERFLOW),
    response: u8(header, 2),
    status: u8(header, 3),
    dataSegmentLength: u24(header, 5),
    initiatorTaskTag: u32(header, 16),
    ...countersOf(header),
    expDataSN: u32(header, 36),
    residualCount: u32(header, 44),
  };
}

export function encodeSenseSegment(sense: Uint8Array): Uint8Array {
  const segment = new Uint8Array(2 + sense.length);
  putU16(segment, 0, sense.length);
  segment.set(sense, 2);
  return segment;
}

/** The sense data of a response's data segment; empty where there is none. */
export function decodeSenseSegment(segment: Uint8Array): Uint8Array {
  if (segment.length < 2) return new Uint8Array(0);
  return segment.slice(2, 2 + u16(segment, 0));
}
