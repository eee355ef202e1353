/** Text Response (RFC 7143 11.11). */

import { putU32, u8, u24, u32 } from '../scsi/bytes.ts';
import { CONTINUE, countersOf, FINAL, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export interface TextResponse extends ResponseCounters {
  readonly final: boolean;
  readonly continues: boolean;
  readonly dataSegmentLength: number;
  readonly initiatorTaskTag: number;
  /** NO_TAG with the last answer of an exchange. */
  readonly targetTransferTag: number;
}

export function encodeTextResponse(pdu: TextResponse, into: Uint8Array): void {
  const flags = (pdu.final ? FINAL : 0) | (pdu.continues ? CONTINUE : 0);
  startHeader(into, Opcode.textResponse, flags, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  putU32(into, 20, pdu.targetTransferTag);
  putCounters(into, pdu);
}

export function decodeTextResponse(header: Uint8Array): TextResponse {
  const flags = u8(header, 1);
  return {
    final: (flags & FINAL) !== 0,
    continues: (flags & CONTINUE) !== 0,
    dataSegmentLength: u24(header, 5),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: u32(header, 20),
    ...countersOf(header),
  };
}
