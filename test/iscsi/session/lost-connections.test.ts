import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { BHS_LENGTH } from '../../../src/wire/iscsi/bhs.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { answerPing, ManyConnections, withSession } from '../support/many-connections.ts';
import { assertServes, BLOCK, INITIATOR, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;

test('a connection that is lost takes its commands with it and no others; the session goes with the last', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 1 });
    session.first.command({ initiatorTaskTag: 2 });
    await router.task(1);
    second.connection.destroy();
    const { tag, done } = await router.managed(0);
    assert.equal(tag, 1);
    router.tasks[0]?.command.aborted();
    done('complete');
    router.tasks[1]?.command.complete(GOOD);
    await session.first.receive(Opcode.scsiResponse);
    assert.equal(router.closed.length, 0);
    session.first.connection.destroy();
    await router.until(() => router.closed.length === 1);
    assert.equal(router.closed[0]?.why, 'connectionLost');
  });
});

test('commands that waited and were lost with their connection are sent again by another, and run once', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cmdSN = session.first.cmdSN;
    second.command({ cmdSN: cmdSN + 1, initiatorTaskTag: 2 });
    await second.settle();
    second.connection.destroy();
    while (session.target.portal.sessions()[0]?.connections.length !== 1) await session.first.settle();
    session.first.command({ cmdSN, initiatorTaskTag: 1 });
    session.first.command({ cmdSN: cmdSN + 1, initiatorTaskTag: 2 });
    session.first.command({ cmdSN: cmdSN + 1, initiatorTaskTag: 2 });
    await session.first.settle();
    assert.deepEqual(
      router.tasks.map(({ command }) => command.tag),
      [1, 2],
    );
  });
});

test('a connection that goes in the middle of data leaves the others, and no buffer behind', async () => {
  await withTarget({}, async (target) => {
    const session = await ManyConnections.open(target, { InitialR2T: 'Yes', ImmediateData: 'No' });
    const second = await session.join(1);
    session.first.command();
    await session.first.receive(Opcode.scsiResponse);
    const cdb = blockCdb(WRITE_16, 0, 256);
    second.command({ write: true, expectedDataTransferLength: 256 * BLOCK, cdb });
    const { targetTransferTag } = decodeR2t((await second.receive(Opcode.r2t)).header);
    const header = new Uint8Array(BHS_LENGTH);
    header[0] = Opcode.dataOut;
    const view = new DataView(header.buffer);
    view.setUint32(4, 256 * BLOCK);
    view.setUint32(16, 0x100);
    view.setUint32(20, targetTransferTag);
    header[1] = 0x80;
    second.connection.sendBytes(header);
    second.connection.sendBytes(pattern(100_000));
    await new Promise((resolve) => setImmediate(resolve));
    second.connection.destroy();
    while (target.portal.sessions()[0]?.connections.length !== 1) await session.first.settle();
    assert.equal(target.pool.leasedBytes, 0);
    assert.equal(target.portal.sessions()[0]?.commandsOutstanding, 0);
    // Nothing of it stands in the way of what overlaps it.
    session.first.command({ read: true, expectedDataTransferLength: BLOCK, cdb: blockCdb(READ_16, 0, 1) });
    assert.deepEqual([...(await session.first.receive(Opcode.dataIn)).data], [...new Uint8Array(BLOCK)]);
    session.first.connection.destroy();
    await assertServes(target);
  });
});

test('a login with the id of a connection that there is takes its place, when its commands are gone', async () => {
  for (const alone of [true, false]) {
    await withSession(async (session, router) => {
      if (!alone) await session.join(1);
      session.first.command({ initiatorTaskTag: 7 });
      await router.task(0);
      const joining = session.join(0);
      const { tag, done } = await router.managed(0);
      assert.equal(tag, 7);
      await session.first.closed();
      router.tasks[0]?.command.aborted();
      done('complete');
      const again = await joining;
      again.command({ initiatorTaskTag: 8 });
      (await router.task(1)).command.complete(GOOD);
      await again.receive(Opcode.scsiResponse);
      assert.deepEqual(router.closed, [], 'the same nexus');
      assert.equal(session.target.portal.sessions()[0]?.connections.length, alone ? 1 : 2);
    });
  }
});

test('a client that reinstates its only connection, and goes away meanwhile, loses the session', async () => {
  await withSession(async (session, router) => {
    session.first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    const connection = await session.target.connect();
    session.ask(connection, { connectionId: 0 }).catch(() => {});
    const { done } = await router.managed(0);
    connection.destroy();
    await connection.closed;
    await new Promise((resolve) => setImmediate(resolve));
    router.tasks[0]?.command.aborted();
    done('complete');
    await router.until(() => router.closed.length === 1);
    assert.deepEqual(session.target.portal.sessions(), []);
  });
});

test('a new session of the same initiator port ends all connections of the old one', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const young = await session.target.login({ initiatorName: INITIATOR });
    await session.first.closed();
    await second.closed();
    assert.deepEqual(router.events, ['open', 'close reinstated', 'open']);
    await young.logout();
  });
});

test('a session without a connection is not known to be held until its next connection has answered', async () => {
  await withSession(async (session, router) => {
    let answered = 0;
    session.first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    router.opened[0]?.presence.ping(() => {
      answered += 1;
    });
    await session.first.receive(Opcode.nopIn);
    const joining = session.join(0);
    const { done } = await router.managed(0);
    router.tasks[0]?.command.aborted();
    done('complete');
    const again = await joining;
    assert.equal(answered, 0);
    await answerPing(again);
    await again.settle();
    assert.equal(answered, 1);
  });
});

test('a connection that is silent is dropped alone', async () => {
  const clock = new ManualClock();
  const router = new ManualRouter();
  await withTarget({ router, env: { ...nodeEnv(), clock } }, async (target) => {
    const session = await ManyConnections.open(target);
    const second = await session.join(1);
    for (let passed = 0; passed <= IscsiLimits.silenceMilliseconds; passed += IscsiLimits.lookMilliseconds) {
      await session.first.settle();
      clock.pass(IscsiLimits.lookMilliseconds);
    }
    await second.receive(Opcode.nopIn);
    await second.closed();
    await session.first.settle();
    assert.deepEqual(
      target.portal.sessions().map(({ connections }) => connections.length),
      [1],
    );
    assert.equal(router.closed.length, 0);
    session.first.connection.destroy();
  });
});
