/** Ready To Transfer (RFC 7143 11.8). `statSN`: the next one, which this PDU does not use up. */

import { putU32, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, lunOf, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export interface R2t extends ResponseCounters {
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
  readonly r2tSN: number;
  readonly bufferOffset: number;
  readonly desiredDataTransferLength: number;
}

export function encodeR2t(pdu: R2t, into: Uint8Array): void {
  startHeader(into, Opcode.r2t, FINAL, 0, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.targetTransferTag);
  putCounters(into, pdu);
  putU32(into, 36, pdu.r2tSN);
  putU32(into, 40, pdu.bufferOffset);
  putU32(into, 44, pdu.desiredDataTransferLength);
}

export function decodeR2t(header: Uint8Array): R2t {
  return {
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: u32(header, 20),
    ...countersOf(header),
    r2tSN: u32(header, 36),
    bufferOffset: u32(header, 40),
    desiredDataTransferLength: u32(header, 44),
  };
}
