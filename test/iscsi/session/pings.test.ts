import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { decodeNopIn } from '../../../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { withTarget } from '../support/test-target.ts';

/** A NOP-Out that answers, or pretends to. */
function answer(client: RawSession, targetTransferTag: number): void {
  const header = new Uint8Array(BHS_LENGTH);
  const tags = { lun: client.lun, initiatorTaskTag: NO_TAG, targetTransferTag };
  const counters = { cmdSN: client.cmdSN, expStatSN: 0 };
  encodeNopOut({ immediate: true, dataSegmentLength: 0, ...tags, ...counters }, header);
  client.connection.send(header);
}

test('a ping is a NOP-In without a task tag, which leaves StatSN as it is, and its NOP-Out is the answer', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await RawSession.open(target);
    const [nexus] = router.opened;
    assert.ok(nexus !== undefined);
    const answered: number[] = [];
    for (const each of [1, 2]) nexus.presence.ping(() => answered.push(each));
    const pings = [];
    for (let count = 0; count < 2; count += 1) {
      pings.push(decodeNopIn((await client.receive(Opcode.nopIn)).header));
    }
    const [first, second] = pings;
    assert.ok(first !== undefined && second !== undefined);
    assert.equal(first.initiatorTaskTag, NO_TAG);
    assert.notEqual(first.targetTransferTag, NO_TAG);
    assert.notEqual(first.targetTransferTag, second.targetTransferTag);
    assert.equal(first.statSN, second.statSN);

    answer(client, second.targetTransferTag);
    await client.settle();
    assert.deepEqual(answered, [2]);
    answer(client, first.targetTransferTag);
    await client.settle();
    assert.deepEqual(answered, [2, 1]);
  });
});

test('a NOP-Out that answers no ping, or one a second time, changes nothing', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await RawSession.open(target);
    const [nexus] = router.opened;
    let answered = 0;
    nexus?.presence.ping(() => {
      answered += 1;
    });
    const { targetTransferTag } = decodeNopIn((await client.receive(Opcode.nopIn)).header);
    for (const tag of [targetTransferTag + 1, NO_TAG, targetTransferTag, targetTransferTag])
      answer(client, tag);
    await client.settle();
    assert.equal(answered, 1);
  });
});
