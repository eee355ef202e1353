/** Asynchronous Message (RFC 7143 11.9): what the target says unasked. It takes a StatSN, as an answer does. */

import { putU16, u8, u16, u24 } from '../scsi/bytes.ts';
import { countersOf, FINAL, lunOf, NO_TAG, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Events (11.9.1). */
export const AsyncEvent = {
  scsi: 0,
  /** parameter3: within that many seconds. */
  requestsLogout: 1,
  /** parameter1: the connection; 2 and 3: Time2Wait and Time2Retain. */
  dropsConnection: 2,
  /** parameter2 and 3: Time2Wait and Time2Retain. */
  dropsSession: 3,
  requestsNegotiation: 4,
} as const;
export type AsyncEvent = (typeof AsyncEvent)[keyof typeof AsyncEvent];

export interface AsyncMessage extends ResponseCounters {
  readonly dataSegmentLength: number;
  /** Of a SCSI event; else zeroes. */
  readonly lun: Uint8Array;
  readonly event: number;
  readonly vendorCode: number;
  readonly parameter1: number;
  readonly parameter2: number;
  readonly parameter3: number;
}

export function encodeAsyncMessage(pdu: AsyncMessage, into: Uint8Array): void {
  startHeader(into, Opcode.asyncMessage, FINAL, pdu.dataSegmentLength, NO_TAG);
  into.set(pdu.lun, 8);
  putCounters(into, pdu);
  into[36] = pdu.event;
  into[37] = pdu.vendorCode;
  putU16(into, 38, pdu.parameter1);
  putU16(into, 40, pdu.parameter2);
  putU16(into, 42, pdu.parameter3);
}

export function decodeAsyncMessage(header: Uint8Array): AsyncMessage {
  return {
    dataSegmentLength: u24(header, 5),
    lun: lunOf(header),
    ...countersOf(header),
    event: u8(header, 36),
    vendorCode: u8(header, 37),
    parameter1: u16(header, 38),
    parameter2: u16(header, 40),
    parameter3: u16(header, 42),
  };
}
