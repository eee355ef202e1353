/** The target's own NOP-In (RFC 7143 11.19): it takes no StatSN, and with a target transfer tag it wants a NOP-Out. */
import { BHS_LENGTH, initiatorTaskTag, NO_TAG } from '../src/wire/iscsi/bhs.ts';
import { decodeNopIn } from '../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../src/wire/iscsi/opcode.ts';
import type { Pdu, PduConnection } from './pdu-connection.ts';

export function isTargetPing({ opcode, header }: Pdu): boolean {
  return opcode === Opcode.nopIn && initiatorTaskTag(header) === NO_TAG;
}

/** At once, whatever else is outstanding. An immediate NOP-Out leaves CmdSN as it is (11.18). */
export function answerTargetPing(
  connection: PduConnection,
  ping: Pdu,
  cmdSN: number,
  expStatSN: number,
): void {
  const { lun, targetTransferTag } = decodeNopIn(ping.header);
  if (targetTransferTag === NO_TAG) return;
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { lun, initiatorTaskTag: NO_TAG, targetTransferTag };
  encodeNopOut({ immediate: true, dataSegmentLength: 0, ...tags, cmdSN, expStatSN }, header);
  connection.send(header);
}
