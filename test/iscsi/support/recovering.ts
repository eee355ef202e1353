/** A client of ErrorRecoveryLevel 1: SNACKs, acknowledgements, and PDUs whose data digest is wrong. */
import { crc32c } from '../../../src/wire/crc32c.ts';
import { BHS_LENGTH, NO_TAG, paddingOf } from '../../../src/wire/iscsi/bhs.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { encodeSnackRequest, type SnackRequest, SnackType } from '../../../src/wire/iscsi/snack-request.ts';
import type { RawSession } from './raw-session.ts';

export const LEVEL_1 = { ErrorRecoveryLevel: '1' };
export const DIGESTS = { HeaderDigest: 'CRC32C', DataDigest: 'CRC32C' };

export function snack(by: RawSession, changes: Partial<SnackRequest>): void {
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { initiatorTaskTag: NO_TAG, targetTransferTag: NO_TAG };
  const run = { type: SnackType.dataOrR2t, begRun: 0, runLength: 0, expStatSN: 0 };
  encodeSnackRequest({ lun: by.lun, ...tags, ...run, ...changes }, header);
  by.connection.send(header);
}

/** A NOP-Out that wants no answer, and acknowledges all answers before `expStatSN`. */
export function acknowledge(by: RawSession, expStatSN: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { initiatorTaskTag: NO_TAG, targetTransferTag: NO_TAG };
  const pdu = { immediate: true, dataSegmentLength: 0, lun: by.lun, ...tags, cmdSN: by.cmdSN, expStatSN };
  encodeNopOut(pdu, header);
  by.connection.send(header);
}

/** A PDU whose data was changed on its way: header and header digest are right. */
export function sendDamaged(by: RawSession, header: Uint8Array, data: Uint8Array): void {
  const padded = new Uint8Array(data.length + paddingOf(data.length));
  padded.set(data);
  const parts: Uint8Array[] = [header];
  if (by.connection.digests.header) parts.push(digest(header));
  const right = digest(padded);
  padded[0] = (padded[0] ?? 0) ^ 0x55;
  by.connection.sendBytes(Buffer.concat([...parts, padded, right]));
}

function digest(bytes: Uint8Array): Uint8Array {
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(bytes));
  return sum;
}
