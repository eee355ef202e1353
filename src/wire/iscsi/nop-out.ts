/** NOP-Out (RFC 7143 11.18): a ping, or (initiatorTaskTag NO_TAG) the answer to one. */

import { putU32, u24, u32 } from '../scsi/bytes.ts';
import { FINAL, IMMEDIATE, isImmediate, lunOf, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export interface NopOut {
  readonly immediate: boolean;
  readonly dataSegmentLength: number;
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
}

export function decodeNopOut(header: Uint8Array): NopOut {
  return {
    immediate: isImmediate(header),
    dataSegmentLength: u24(header, 5),
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: u32(header, 20),
    cmdSN: u32(header, 24),
    expStatSN: u32(header, 28),
  };
}

export function encodeNopOut(pdu: NopOut, into: Uint8Array): void {
  const opcode = Opcode.nopOut | (pdu.immediate ? IMMEDIATE : 0);
  startHeader(into, opcode, FINAL, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.targetTransferTag);
  putU32(into, 24, pdu.cmdSN);
  putU32(into, 28, pdu.expStatSN);
}
