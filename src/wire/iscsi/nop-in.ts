/** NOP-In (RFC 7143 11.19): the answer to a ping, or (initiatorTaskTag NO_TAG) the target's own. */

import { putU32, u24, u32 } from '../scsi/bytes.ts';
import { countersOf, FINAL, lunOf, putCounters, type ResponseCounters, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

export interface NopIn extends ResponseCounters {
  readonly dataSegmentLength: number;
  readonly lun: Uint8Array;
  readonly initiatorTaskTag: number;
  readonly targetTransferTag: number;
}

export function encodeNopIn(pdu: NopIn, into: Uint8Array): void {
  startHeader(into, Opcode.nopIn, FINAL, pdu.dataSegmentLength, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.targetTransferTag);
  putCounters(into, pdu);
}

export function decodeNopIn(header: Uint8Array): NopIn {
  return {
    dataSegmentLength: u24(header, 5),
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: u32(header, 20),
    ...countersOf(header),
  };
}
