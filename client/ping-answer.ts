/** The target's own pings (RFC 7143 11.19), which take no StatSN, and their answers (11.18). */
import { BHS_LENGTH, NO_TAG } from '../src/wire/iscsi/bhs.ts';
import { decodeNopIn } from '../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../src/wire/iscsi/opcode.ts';
import type { Pdu, PduConnection } from './pdu-connection.ts';

export function isPing({ opcode, header }: Pdu): boolean {
  return opcode === Opcode.nopIn && decodeNopIn(header).initiatorTaskTag === NO_TAG;
}

export function answerPing(
  connection: PduConnection,
  { header }: Pdu,
  cmdSN: number,
  expStatSN: number,
): void {
  const { lun, targetTransferTag } = decodeNopIn(header);
  if (targetTransferTag === NO_TAG) return;
  const answer = new Uint8Array(BHS_LENGTH);
  const tags = { initiatorTaskTag: NO_TAG, targetTransferTag };
  encodeNopOut({ immediate: true, dataSegmentLength: 0, lun, ...tags, cmdSN, expStatSN }, answer);
  connection.send(answer);
}
