/** Text requests of the full feature phase, PDU by PDU (RFC 7143 6.4, 11.10, 11.11). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BHS_LENGTH, NO_TAG } from '../../../src/wire/iscsi/bhs.ts';
import { decodeNopIn } from '../../../src/wire/iscsi/nop-in.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodePairs, encodeText } from '../../../src/wire/iscsi/text.ts';
import { encodeTextRequest, type TextRequest } from '../../../src/wire/iscsi/text-request.ts';
import { decodeTextResponse, type TextResponse } from '../../../src/wire/iscsi/text-response.ts';
import { pattern } from '../../support/scsi.ts';
import { ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { withTarget } from '../support/test-target.ts';

interface Answer extends TextResponse {
  readonly pairs: readonly (readonly [string, string])[];
}

function send(session: RawSession, text: Uint8Array, changes: Partial<TextRequest> = {}): void {
  const header = new Uint8Array(BHS_LENGTH);
  const request = {
    immediate: true,
    final: true,
    continues: false,
    dataSegmentLength: text.length,
    lun: new Uint8Array(8),
    initiatorTaskTag: 0x77,
    targetTransferTag: NO_TAG,
    cmdSN: session.cmdSN,
    expStatSN: 0,
  };
  encodeTextRequest({ ...request, ...changes }, header);
  session.connection.send(header, text);
}

async function ask(
  session: RawSession,
  pairs: readonly (readonly [string, string])[],
  changes: Partial<TextRequest> = {},
): Promise<Answer> {
  send(session, encodeText(pairs), changes);
  const { header, data } = await session.receive(Opcode.textResponse);
  return { ...decodeTextResponse(header), pairs: decodePairs(data) };
}

/** How much of a ping of 4 KiB comes back: the initiator's MaxRecvDataSegmentLength, or all of it. */
async function echoed(session: RawSession): Promise<number> {
  const header = new Uint8Array(BHS_LENGTH);
  const ping = { immediate: true, dataSegmentLength: 4096, lun: session.lun, initiatorTaskTag: 0x300 };
  encodeNopOut({ ...ping, targetTransferTag: NO_TAG, cmdSN: session.cmdSN, expStatSN: 0 }, header);
  session.connection.send(header, pattern(4096));
  return decodeNopIn((await session.receive(Opcode.nopIn)).header).dataSegmentLength;
}

const withSession = (body: (session: RawSession) => Promise<void>) =>
  withTarget({ router: new ManualRouter() }, async (target) => {
    const session = await RawSession.open(target);
    await body(session);
    session.connection.destroy();
  });

test('a negotiation that the initiator does not end goes on with the tag of the answer', () =>
  withSession(async (session) => {
    const first = await ask(session, [['X-a', '1']], { final: false });
    assert.equal(first.final, false);
    assert.notEqual(first.targetTransferTag, NO_TAG);
    assert.deepEqual(first.pairs, [['X-a', 'NotUnderstood']]);
    const { targetTransferTag } = first;
    const second = await ask(session, [['X-b', '1']], { final: false, targetTransferTag });
    assert.deepEqual([second.final, second.targetTransferTag], [false, targetTransferTag]);
    const last = await ask(session, [], { targetTransferTag });
    assert.deepEqual([last.final, last.targetTransferTag, last.pairs], [true, NO_TAG, []]);
    send(session, new Uint8Array(0), { targetTransferTag });
    await session.rejected(RejectReason.protocolError);
  }));

test('a text in pieces is answered with empty ones until it is whole', () =>
  withSession(async (session) => {
    const text = encodeText([['X-key', 'value']]);
    const more = { final: false, continues: true };
    send(session, text.subarray(0, 5), more);
    const { header, data } = await session.receive(Opcode.textResponse);
    const { targetTransferTag, final } = decodeTextResponse(header);
    assert.deepEqual([final, data.length], [false, 0]);
    send(session, text.subarray(5), { targetTransferTag });
    const whole = await session.receive(Opcode.textResponse);
    assert.deepEqual(decodePairs(whole.data), [['X-key', 'NotUnderstood']]);
  }));

test('MaxRecvDataSegmentLength may be declared anew, and holds from then on', () =>
  withSession(async (session) => {
    assert.equal(await echoed(session), 4096);
    for (const length of [512, 1024]) {
      const { pairs } = await ask(session, [['MaxRecvDataSegmentLength', String(length)]]);
      assert.deepEqual(pairs, []);
      assert.equal(await echoed(session), length);
    }
    const { pairs } = await ask(session, [['MaxRecvDataSegmentLength', '511']]);
    assert.deepEqual(pairs, [['MaxRecvDataSegmentLength', 'Reject']]);
    assert.equal(await echoed(session), 1024);
  }));

test('what is declared in a negotiation holds when it ends, and not at all when it is broken off', () =>
  withSession(async (session) => {
    const declare: [string, string][] = [['MaxRecvDataSegmentLength', '512']];
    await ask(session, declare, { final: false });
    assert.equal(await echoed(session), 4096);
    // Another exchange ends the one before (11.10.4).
    const { targetTransferTag } = await ask(session, [['X-a', '1']], { final: false });
    await ask(session, [], { targetTransferTag });
    assert.equal(await echoed(session), 4096);
    const again = await ask(session, declare, { final: false });
    await ask(session, [], { targetTransferTag: again.targetTransferTag });
    assert.equal(await echoed(session), 512);
  }));

test('keys of the login are rejected afterwards, unknown ones are not understood, an alias is heard', () =>
  withSession(async (session) => {
    const keys = [
      'InitiatorName',
      'SessionType',
      'TargetName',
      'HeaderDigest',
      'MaxBurstLength',
      'TaskReporting',
    ];
    for (const key of [...keys, 'AuthMethod', 'CHAP_A', 'TargetAddress', 'OFMarker']) {
      assert.deepEqual((await ask(session, [[key, '1']])).pairs, [[key, 'Reject']], key);
    }
    assert.deepEqual((await ask(session, [['InitiatorAlias', 'me']])).pairs, []);
    for (const key of ['X-com.example', 'X#other', 'Unknown']) {
      assert.deepEqual((await ask(session, [[key, '1']])).pairs, [[key, 'NotUnderstood']], key);
    }
  }));

test('a request with both F and C, with an unknown tag, or a malformed text is rejected, and the session goes on', () =>
  withSession(async (session) => {
    send(session, encodeText([['X-a', '1']]), { continues: true });
    await session.rejected(RejectReason.protocolError);
    send(session, encodeText([['X-a', '1']]), { targetTransferTag: 5 });
    await session.rejected(RejectReason.protocolError);
    send(session, new TextEncoder().encode('no pair\0'));
    await session.rejected(RejectReason.protocolError);
    assert.equal((await ask(session, [['X-a', '1']])).final, true);
  }));
