/** SCSI Data-Out (RFC 7143 11.7). */

import { putU32, u8, u24, u32 } from '../scsi/bytes.ts';
import { FINAL, lunOf, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export interface DataOut {
  readonly final: boolean;
  readonly dataSegmentLength: number;
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  /** Of the R2T that is answered; NO_TAG: unsolicited. */
  readonly targetTransferTag: number;
  readonly expStatSN: number;
  readonly dataSN: number;
  readonly bufferOffset: number;
}

export function targetTransferTagOf(header: Uint8Array): number {
  return u32(header, 20);
}

export function dataSNOf(header: Uint8Array): number {
  return u32(header, 36);
}

export function bufferOffsetOf(header: Uint8Array): number {
  return u32(header, 40);
}

export function decodeDataOut(header: Uint8Array): DataOut {
  return {
    final: (u8(header, 1) & FINAL) !== 0,
    dataSegmentLength: u24(header, 5),
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: targetTransferTagOf(header),
    expStatSN: u32(header, 28),
    dataSN: dataSNOf(header),
    bufferOffset: bufferOffsetOf(header),
  };
}

export function encodeDataOut(pdu: DataOut, into: Uint8Array): void {
  startHeader(into, Opcode.dataOut, pdu.final ? FINAL : 0, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.targetTransferTag);
  putU32(into, 28, pdu.expStatSN);
  putU32(into, 36, pdu.dataSN);
  putU32(into, 40, pdu.bufferOffset);
}
