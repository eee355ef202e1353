/** Reject (RFC 7143 11.17). Its data segment is the header of the rejected PDU. */

import { putU32, u8, u24, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, NO_TAG, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Reasons (11.17.1). */
export const RejectReason = {
  dataDigestError: 0x02,
  snackReject: 0x03,
  protocolError: 0x04,
  commandNotSupported: 0x05,
  tooManyImmediateCommands: 0x06,
  taskInProgress: 0x07,
  invalidDataAck: 0x08,
  invalidPduField: 0x09,
  longOperationReject: 0x0a,
  waitingForLogout: 0x0c,
} as const;
export type RejectReason = (typeof RejectReason)[keyof typeof RejectReason];

const names = new Map<number, string>(Object.entries(RejectReason).map(([name, reason]) => [reason, name]));

/** For logs. */
export function rejectReasonName(reason: number): string {
  return names.get(reason) ?? `reason 0x${reason.toString(16)}`;
}

export interface Reject extends ResponseCounters {
  readonly reason: number;
  readonly dataSegmentLength: number;
  readonly dataSN: number;
}

export function encodeReject(pdu: Reject, into: Uint8Array): void {
  startHeader(into, Opcode.reject, FINAL, pdu.dataSegmentLength, NO_TAG);
  into[2] = pdu.reason;
  putCounters(into, pdu);
  putU32(into, 36, pdu.dataSN);
}

export function decodeReject(header: Uint8Array): Reject {
  return {
    reason: u8(header, 2),
    dataSegmentLength: u24(header, 5),
    ...countersOf(header),
    dataSN: u32(header, 36),
  };
}
