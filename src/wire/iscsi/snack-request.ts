/** SNACK Request (RFC 7143 11.16): what an initiator that recovers errors within a connection wants to have again, or has. */

import { putU32, u8, u32 } from '../scsi/bytes.ts';
import { FINAL, lunOf, startHeader } from './bhs.ts';
import { Opcode } from './opcode.ts';

/** Types (11.16.1). */
export const SnackType = { dataOrR2t: 0, status: 1, dataAck: 2, rData: 3 } as const;
export type SnackType = (typeof SnackType)[keyof typeof SnackType];

export interface SnackRequest {
  /** 0-15; SnackType has those that mean something. */
  readonly type: number;
  readonly lun: Uint8Array;
  /** Of the command; NO_TAG for status and dataAck. */
  readonly initiatorTaskTag: number;
  /** dataAck: as in the Data-In PDU that asked for it. rData: the SNACK Tag. Else NO_TAG. */
  readonly targetTransferTag: number;
  readonly expStatSN: number;
  /** The first number that is wanted; dataAck: the first that is not here. */
  readonly begRun: number;
  /** How many; 0: all from there on. */
  readonly runLength: number;
}

export function decodeSnackRequest(header: Uint8Array): SnackRequest {
  return {
    type: u8(header, 1) & 0x0f,
    lun: lunOf(header),
    initiatorTaskTag: u32(header, 16),
    targetTransferTag: u32(header, 20),
    expStatSN: u32(header, 28),
    begRun: u32(header, 40),
    runLength: u32(header, 44),
  };
}

export function encodeSnackRequest(pdu: SnackRequest, into: Uint8Array): void {
  startHeader(into, Opcode.snackRequest, FINAL | pdu.type, 0, pdu.initiatorTaskTag);
  into.set(pdu.lun, 8);
  putU32(into, 20, pdu.targetTransferTag);
  putU32(into, 28, pdu.expStatSN);
  putU32(into, 40, pdu.begRun);
  putU32(into, 44, pdu.runLength);
}
