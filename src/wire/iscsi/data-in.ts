/** SCSI Data-In (RFC 7143 11.7), with the status of the command where `withStatus`. */

import { putU32, u8, u24, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, NO_TAG, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';
import { OVERFLOW, UNDERFLOW } from './scsi-response.ts';

const STATUS = 0x01;
const ACKNOWLEDGE = 0x40;

export interface DataIn extends ResponseCounters {
  /** F: the last of its sequence. */
  final: boolean;
  /** S: `status`, `residual...` and `statSN` mean something. */
  withStatus: boolean;
  /** OVERFLOW, UNDERFLOW, or 0. */
  residualFlags: number;
  status: number;
  dataSegmentLength: number;
  initiatorTaskTag: number;
  dataSN: number;
  bufferOffset: number;
  residualCount: number;
}

export function encodeDataIn(pdu: DataIn, into: Uint8Array): void {
  const flags = (pdu.final ? FINAL : 0) | (pdu.withStatus ? STATUS | pdu.residualFlags : 0);
  startHeader(into, Opcode.dataIn, flags, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  into[3] = pdu.withStatus ? pdu.status : 0;
  putU32(into, 20, NO_TAG);
  putCounters(into, pdu);
  putU32(into, 36, pdu.dataSN);
  putU32(into, 40, pdu.bufferOffset);
  putU32(into, 44, pdu.withStatus ? pdu.residualCount : 0);
}

/** A: the initiator is to acknowledge this PDU, and all before it, by a DataACK that brings LUN and tag back (11.7.2). */
export function askForAcknowledgement(into: Uint8Array, lun: Uint8Array, targetTransferTag: number): void {
  into[1] = u8(into, 1) | ACKNOWLEDGE;
  into.set(lun, 8);
  putU32(into, 20, targetTransferTag);
}

/** The tag to bring back, or null where no acknowledgement is asked for. */
export function acknowledgementTag(header: Uint8Array): number | null {
  return (u8(header, 1) & ACKNOWLEDGE) !== 0 ? u32(header, 20) : null;
}

export function decodeDataIn(header: Uint8Array): DataIn {
  const flags = u8(header, 1);
  return {
    final: (flags & FINAL) !== 0,
    withStatus: (flags & STATUS) !== 0,
    residualFlags: flags & (OVERFLOW | UNDERFLOW),
    status: u8(header, 3),
    dataSegmentLength: u24(header, 5),
    initiatorTaskTag: u32(header, 16),
    ...countersOf(header),
    dataSN: u32(header, 36),
    bufferOffset: u32(header, 40),
    residualCount: u32(header, 44),
  };
}
