import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { answerToPing } from '../../sim/clients/ping.ts';
import { BHS_LENGTH, NO_TAG, opcodeOf } from '../../src/wire/iscsi/bhs.ts';
import { encodeNopIn } from '../../src/wire/iscsi/nop-in.ts';
import { decodeNopOut } from '../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';

const counters = { initiatorTaskTag: NO_TAG, cmdSN: 7, expStatSN: 30 };
const lun = Uint8Array.of(0, 3, 0, 0, 0, 0, 0, 0);

function nopIn(targetTransferTag: number, statSN = 30): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const window = { statSN, expCmdSN: 7, maxCmdSN: 20 };
  encodeNopIn({ dataSegmentLength: 0, lun, initiatorTaskTag: NO_TAG, targetTransferTag, ...window }, header);
  return header;
}

test('a simulated client answers a ping at once, with the tag and the LUN of the ping', () => {
  const answer = answerToPing(nopIn(0x1234), counters);
  assert.ok(answer !== null);
  assert.equal(opcodeOf(answer), Opcode.nopOut);
  const { immediate, ...fields } = decodeNopOut(answer);
  assert.equal(immediate, true);
  assert.deepEqual(fields, { dataSegmentLength: 0, lun, targetTransferTag: 0x1234, ...counters });
});

test('a NOP-In that wants no answer gets none', () => {
  assert.equal(answerToPing(nopIn(NO_TAG), counters), null);
});

test('a ping that counts in StatSN is a fault of the target', () => {
  assert.throws(() => answerToPing(nopIn(0x1234, 31), counters), /NOP-In with StatSN 31/);
});
