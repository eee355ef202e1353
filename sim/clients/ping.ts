/** The target asks whether this end is there (RFC 7143 11.18, 11.19). */
import { BHS_LENGTH, NO_TAG } from '../../src/wire/iscsi/bhs.ts';
import { decodeNopIn } from '../../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../../src/wire/iscsi/nop-out.ts';
import { Violation } from '../world/world.ts';
import type { Counters } from './requests.ts';

/** The header of the NOP-Out that a NOP-In wants, or null. One that belongs to no task does not count in StatSN. */
export function answerToPing(header: Uint8Array, counters: Counters): Uint8Array | null {
  const { statSN, lun, initiatorTaskTag, targetTransferTag } = decodeNopIn(header);
  if (initiatorTaskTag !== NO_TAG) throw new Violation('protocol', 'an answer to a ping that nobody sent');
  if (statSN !== counters.expStatSN) {
    throw new Violation('protocol', `NOP-In with StatSN ${statSN} where ${counters.expStatSN} is next`);
  }
  if (targetTransferTag === NO_TAG) return null;
  const answer = new Uint8Array(BHS_LENGTH);
  encodeNopOut({ immediate: true, dataSegmentLength: 0, lun, targetTransferTag, ...counters }, answer);
  return answer;
}
