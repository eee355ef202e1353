/** Text Request (RFC 7143 11.10). */

import { putU32, u8, u24, u32 } from '../scsi/bytes.ts';
import { CONTINUE, FINAL, IMMEDIATE, isImmediate, lunOf, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export interface TextRequest {
  readonly immediate: boolean;
  readonly final: boolean;
  readonly continues: boolean;
  readonly dataSegmentLength: number;
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  /** NO_TAG opens an exchange; else what the target's last answer said. */
  readonly targetTransferTag: number;
  readonly cmdSN: number;
  readonly expStatSN: number;
}

export function decodeTextRequest(header: Uint8Array): TextRequest {
  const flags = u8(header, 1);
  return {
    immediate: isImmediate(header),
    final: (flags & FINAL) !== 0,
    continues: (flags & CONTINUE) !== 0,
    dataSegmentLength: u24(header, 5),
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: u32(header, 20),
    cmdSN: u32(header, 24),
    expStatSN: u32(header, 28),
  };
}

export function encodeTextRequest(pdu: TextRequest, into: Uint8Array): void {
  const flags = (pdu.final ? FINAL : 0) | (pdu.continues ? CONTINUE : 0);
  const opcode = Opcode.textRequest | (pdu.immediate ? IMMEDIATE : 0);
  startHeader(into, opcode, flags, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.targetTransferTag);
  putU32(into, 24, pdu.cmdSN);
  putU32(into, 28, pdu.expStatSN);
}
