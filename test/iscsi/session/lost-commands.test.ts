/** What becomes of the commands of a lost connection that nobody takes up, or not in time. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { AsyncEvent, decodeAsyncMessage } from '../../../src/wire/iscsi/async-message.ts';
import { LogoutReason } from '../../../src/wire/iscsi/logout-request.ts';
import { decodeLogoutResponse } from '../../../src/wire/iscsi/logout-response.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { answerPing, ManyConnections, sendLogout, withSession } from '../support/many-connections.ts';
import {
  ASKED,
  connectionsLeft,
  LEVEL_2,
  lose,
  loseWrite,
  passUnitAttention,
  reassign,
  removeForRecovery,
  replace,
} from '../support/reassigning.ts';
import { assertServes, BLOCK, INITIATOR, LUN, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TAG = 0x100;
const LOOK = IscsiLimits.lookMilliseconds;
const TIMES = { ErrorRecoveryLevel: '2', DefaultTime2Wait: '3', DefaultTime2Retain: '5' };
const SECONDS = 8;

function withClock(
  body: (session: ManyConnections, router: ManualRouter, clock: ManualClock) => Promise<void>,
  keys: Record<string, string> = TIMES,
): Promise<void> {
  const clock = new ManualClock();
  const router = new ManualRouter();
  return withTarget({ router, env: { ...nodeEnv(), clock } }, async (target) => {
    const session = await ManyConnections.open(target, keys);
    try {
      await body(session, router, clock);
    } finally {
      for (const { connection } of session.all) connection.destroy();
      await connectionsLeft(target, 0);
    }
  });
}

/** `session`'s connections show that they are alive meanwhile. */
async function pass(clock: ManualClock, session: ManyConnections, seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds * 1000; passed += LOOK) {
    for (const each of session.all) await each.settle();
    clock.pass(LOOK);
  }
}

test('a lost connection’s commands stay for Time2Wait and Time2Retain, and are aborted then', async () => {
  await withClock(async (session, router, clock) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    await lose(session, second);
    await pass(clock, session, SECONDS);
    assert.deepEqual(router.functions, []);
    await pass(clock, session, 2);
    const { what, tag, done } = await router.managed(0);
    assert.deepEqual([what, tag], [TaskFunction.abortTask, 7]);
    assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
    router.tasks[0]?.command.aborted();
    done('complete');
    await session.first.settle();
    assert.equal(router.closed.length, 0, 'the session goes on');
    assert.equal(session.target.portal.sessions()[0]?.commandsOutstanding, 0);
  });
});

test('a session that has lost its last connection is over when the time is', async () => {
  await withClock(async (session, router, clock) => {
    session.first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    await lose(session, session.first);
    clock.pass(SECONDS * 1000);
    assert.equal(router.closed.length, 0);
    clock.pass(2 * LOOK);
    assert.deepEqual(
      router.closed.map(({ why }) => why),
      ['connectionLost'],
    );
    assert.deepEqual(session.target.portal.sessions(), []);
  });
});

test('a recovery logout gives its initiator the time anew, and says how much', async () => {
  await withClock(async (session, router, clock) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    await lose(session, second);
    await pass(clock, session, SECONDS);
    sendLogout(session.first, LogoutReason.removeForRecovery, 1);
    const { header } = await session.first.receive(Opcode.logoutResponse);
    const { time2Wait, time2Retain } = decodeLogoutResponse(header);
    assert.deepEqual([time2Wait, time2Retain], [3, 5]);
    await pass(clock, session, SECONDS);
    assert.equal(await reassign(session.first, 7), TaskResponse.functionComplete);
    await pass(clock, session, SECONDS);
    router.tasks[0]?.command.complete(GOOD);
    await session.first.receive(Opcode.scsiResponse);
    assert.deepEqual(router.functions, []);
  });
});

test('where nothing is retained, commands end with their connection', async () => {
  await withSession(
    async (session, router) => {
      const second = await session.join(1);
      second.command({ initiatorTaskTag: 7 });
      await router.task(0);
      second.connection.destroy();
      const { done } = await router.managed(0);
      router.tasks[0]?.command.aborted();
      done('complete');
      assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
      session.first.connection.destroy();
      await router.until(() => router.closed.length === 1);
    },
    { ...LEVEL_2, DefaultTime2Retain: '0' },
  );
});

test('a write that waits for its data is not blamed for that while it has no connection', async () => {
  await withClock(
    async (session, router, clock) => {
      const second = await session.join(1);
      second.command({ write: true, expectedDataTransferLength: 4096, cdb: blockCdb(WRITE_16, 0, 8) });
      (await router.task(0)).command.receiveDataOut(0, 4096);
      await second.receive(Opcode.r2t);
      await pass(clock, session, 0);
      await lose(session, second);
      await pass(clock, session, 25);
      await removeForRecovery(session.first, 1);
      await pass(clock, session, 25);
      assert.equal(await reassign(session.first, TAG), TaskResponse.functionComplete);
      const { targetTransferTag } = decodeR2t((await session.first.receive(Opcode.r2t)).header);
      session.first.dataOut({ targetTransferTag }, pattern(4096));
      await session.first.settle();
      assert.deepEqual([...(router.tasks[0]?.received ?? [])], [...pattern(4096)]);
    },
    { ...TIMES, DefaultTime2Wait: '10', DefaultTime2Retain: '20' },
  );
});

test('a new session of the same initiator port ends what was kept before it begins', async () => {
  await withSession(async (session, router) => {
    session.first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    await lose(session, session.first);
    const young = await session.target.login({ initiatorName: INITIATOR });
    assert.deepEqual(router.events, ['open', 'execute 0', 'close reinstated', 'open']);
    assert.equal(session.target.portal.sessions()[0]?.commandsOutstanding, 0);
    await young.logout();
  }, LEVEL_2);
});

test('a session without a connection is not known to be held until its next connection has answered', async () => {
  await withSession(async (session, router) => {
    let answered = 0;
    session.first.connection.destroy();
    await connectionsLeft(session.target, 0);
    router.opened[0]?.presence.ping(() => {
      answered += 1;
    });
    const again = await replace(session, session.first, 0);
    assert.equal(answered, 0);
    await answerPing(again);
    await again.settle();
    assert.equal(answered, 1);
  }, LEVEL_2);
});

test('a connection that is silent is dropped alone, with what it kept, and the others are told', async () => {
  await withClock(async (session, router, clock) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    session.all.splice(1, 1);
    await pass(clock, session, IscsiLimits.silenceMilliseconds / 1000 + 1);
    const { header } = await session.first.receive(Opcode.asyncMessage);
    const { event, parameter1, parameter2, parameter3 } = decodeAsyncMessage(header);
    assert.deepEqual([event, parameter1, parameter2, parameter3], [AsyncEvent.dropsConnection, 1, 3, 5]);
    // What it was asked, the other one is.
    await answerPing(session.first);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 7), TaskResponse.functionComplete);
    second.connection.destroy();
  });
});

test('a session whose only connection is silent is not dropped with it', async () => {
  await withClock(async (session, router, clock) => {
    session.first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    clock.pass(IscsiLimits.silenceMilliseconds + LOOK);
    await connectionsLeft(session.target, 0);
    assert.equal(router.closed.length, 0);
    const again = await replace(session, session.first, 0);
    await answerPing(again);
    assert.equal(await reassign(again, 7), TaskResponse.functionComplete);
  });
});

test('no more connections are kept than a session may have: the oldest one’s commands are aborted', async () => {
  await withSession(async (session, router) => {
    for (let lost = 0; lost <= IscsiLimits.connectionsPerSession; lost += 1) {
      const next = await session.join(1 + lost);
      next.command({ initiatorTaskTag: lost });
      await router.task(lost);
      await lose(session, next);
    }
    const { tag } = await router.managed(0);
    assert.equal(tag, 0);
    assert.equal(router.functions.length, 1);
  }, LEVEL_2);
});

test('sessions without a connection are bounded as connections are', async () => {
  const env = { ...nodeEnv(), clock: new ManualClock() };
  await withTarget({ router: new ManualRouter(), env }, async (target) => {
    for (let at = 0; at <= IscsiLimits.maxConnections; at += 1) {
      const client = await target.login({ keys: LEVEL_2, isid: at.toString(16).padStart(12, '0') });
      await client.destroy();
    }
    assert.equal(target.portal.sessions().length, IscsiLimits.maxConnections);
    assert.equal(target.portal.sessions()[0]?.isid, '000000000001');
  });
});

test('what overlaps a kept write waits for it, and nothing of the write runs behind that', async () => {
  const clock = new ManualClock();
  await withTarget({ env: { ...nodeEnv(), clock } }, async (target) => {
    const session = await ManyConnections.open(target, { ...ASKED, DefaultTime2Retain: '5' });
    await passUnitAttention(session.first);
    await loseWrite(session);
    const other = await target.login({ initiatorName: 'iqn.2026-11.test:other' });
    await other.command(LUN, new Uint8Array(6));
    const written = other.command(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(8 * BLOCK, 2) });
    // It has come behind the other one.
    await other.command(LUN, new Uint8Array(6));
    clock.pass(7 * LOOK);
    assert.equal((await written).status, 0);
    const { response } = await session.ask(await target.connect(), { connectionId: 0 });
    assert.notEqual(response.status, 0, 'its session is over');
    const { dataIn } = await other.command(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK });
    assert(Buffer.from(dataIn).equals(pattern(8 * BLOCK, 2)));
    await other.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

for (const [name, what] of [
  ['LOGICAL UNIT RESET', TaskFunction.logicalUnitReset],
  ['CLEAR TASK SET', TaskFunction.clearTaskSet],
] as const) {
  test(`${name} by another session ends a kept write`, async () => {
    await withTarget({}, async (target) => {
      const session = await ManyConnections.open(target, ASKED);
      await passUnitAttention(session.first);
      await loseWrite(session);
      const other = await target.login({ initiatorName: 'iqn.2026-11.test:other' });
      assert.equal(await other.manage(what, LUN), TaskResponse.functionComplete);
      const again = await replace(session, session.first, 0);
      assert.equal(await reassign(again, TAG), TaskResponse.taskDoesNotExist);
      again.command({ initiatorTaskTag: 2 });
      const { status } = decodeScsiResponse((await again.receive(Opcode.scsiResponse)).header);
      assert.equal(status, 2, 'a unit attention tells of it');
      await other.logout();
      again.connection.destroy();
      await assertServes(target);
    });
  });
}
