import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IscsiLimits } from '../../../src/limits.ts';
import { BHS_LENGTH } from '../../../src/wire/iscsi/bhs.ts';
import { encodeLogoutRequest, LogoutReason } from '../../../src/wire/iscsi/logout-request.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { blockCdb, pattern, testPort } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { BLOCK, LUN, withTarget } from '../support/test-target.ts';

/** Of the session, in its turn. */
function logoutHeader({ cmdSN }: RawSession): Uint8Array {
  const header = new Uint8Array(BHS_LENGTH);
  const counters = { cmdSN, expStatSN: 0 };
  const reason = LogoutReason.closeSession;
  encodeLogoutRequest(
    { immediate: false, reason, initiatorTaskTag: 0x400, connectionId: 0, ...counters },
    header,
  );
  return header;
}

const READ_16 = 0x88;
const WRITE_16 = 0x8a;

test('commands run in the order of their numbers, whatever the order of their coming', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login({ keys: { FirstBurstLength: '512', MaxRecvDataSegmentLength: '512' } });
    const first = client.skipCmdSN();
    const second = client.start(LUN, blockCdb(WRITE_16, 0, 1), { dataOut: pattern(BLOCK, 2) });
    const third = client.start(LUN, blockCdb(READ_16, 0, 1), { dataInLength: BLOCK });
    await client.ping(pattern(4));
    assert.equal(router.tasks.length, 0);
    const late = client.start(LUN, new Uint8Array(6), {}, first);
    const tasks = [await router.task(0), await router.task(1), await router.task(2)];
    assert.deepEqual(
      tasks.map(({ command }) => command.tag),
      [late.tag, second.tag, third.tag],
    );
    assert.deepEqual(tasks[1]?.received, pattern(BLOCK, 2), 'its data was kept');
    for (const { command } of tasks) command.complete(GOOD);
    for (const { result } of [late, second, third]) assert.equal((await result).status, 0);
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('a command outside the window is ignored, and so is its data', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const { cmdSN } = client;
    client.start(LUN, blockCdb(WRITE_16, 0, 1000), { dataOut: pattern(1000 * BLOCK) }, cmdSN + 200);
    client.start(LUN, new Uint8Array(6), {}, cmdSN - 1);
    await client.ping(pattern(4));
    assert.equal(router.tasks.length, 0);
    const good = client.start(LUN, new Uint8Array(6));
    (await router.task(0)).command.complete(GOOD);
    assert.equal((await good.result).status, 0);
    await client.logout();
  });
});

test('nothing that came early and waits behind a logout runs', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    const { cmdSN } = session;
    session.cmdSN = cmdSN + 1;
    session.command();
    await session.settle();
    session.cmdSN = cmdSN;
    session.connection.send(logoutHeader(session));
    await session.receive(Opcode.logoutResponse);
    await session.closed();
    assert.equal(router.tasks.length, 0);
    assert.equal(target.portal.sessions().length, 0);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('the window lets so many commands in and no more until one is answered', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const sent = Array.from({ length: IscsiLimits.commandWindow }, () =>
      client.start(LUN, new Uint8Array(6)),
    );
    await router.task(sent.length - 1);
    const waits = client.command(LUN, new Uint8Array(6));
    await client.ping(pattern(4));
    assert.equal(router.tasks.length, sent.length);
    router.tasks[0]?.command.complete(GOOD);
    (await router.task(sent.length)).command.complete(GOOD);
    assert.equal((await waits).status, 0);
    await client.logout();
  });
});

test('an immediate command does not wait for its turn', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    client.skipCmdSN();
    const immediate = client.start(LUN, new Uint8Array(6), { immediate: true });
    (await router.task(0)).command.complete(GOOD);
    assert.equal((await immediate.result).status, 0);
    await client.logout();
  });
});

test('the answer to a write waits for the data that the initiator was allowed to send', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { InitialR2T: 'No', ImmediateData: 'No' });
    const expectedDataTransferLength = 8 * BLOCK;
    session.command({ write: true, final: false, expectedDataTransferLength });
    const task = await router.task(0);
    assert.equal(task.command.unsolicitedLength, 8 * BLOCK);
    task.command.complete({ status: 8, sense: null, presentedLength: 0 });
    await session.settle();
    assert.equal(target.portal.sessions()[0]?.commandsOutstanding, 1);
    session.dataOut({}, pattern(8 * BLOCK));
    const { header } = await session.receive(Opcode.scsiResponse);
    assert.equal(decodeScsiResponse(header).status, 8);
    assert.equal(task.arrivals, 0, 'the unit no longer wants the data');
    session.connection.destroy();
  });
});

test('unsolicited data that does not all come is asked for', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { InitialR2T: 'No', ImmediateData: 'No' });
    session.command({ write: true, final: false, expectedDataTransferLength: 8 * BLOCK });
    const task = await router.task(0);
    const data = pattern(8 * BLOCK);
    session.dataOut({}, data.subarray(0, BLOCK));
    const r2t = decodeR2t((await session.receive(Opcode.r2t)).header);
    assert.deepEqual([r2t.bufferOffset, r2t.desiredDataTransferLength], [BLOCK, 7 * BLOCK]);
    const { targetTransferTag } = r2t;
    session.dataOut({ targetTransferTag, bufferOffset: BLOCK }, data.subarray(BLOCK));
    await session.settle();
    assert.deepEqual(task.received, data);
    session.connection.destroy();
  });
});

test('a ping comes back with its data', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login({ keys: { MaxRecvDataSegmentLength: '1024' } });
    for (const length of [0, 1, 3, 4, 1000])
      assert.deepEqual(await client.ping(pattern(length)), pattern(length));
    assert.deepEqual(await client.ping(pattern(5000)), pattern(5000).subarray(0, 1024), 'as much as fits');
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('discovery tells of all targets, or of one, in as many PDUs as it takes', async () => {
  const discovery = Array.from({ length: 100 }, (_, i) => ({
    targetName: `iqn.2026-11.test:target-${i}`,
    portals: [
      { address: '10.0.0.1:3260', portalGroupTag: 1 },
      { address: '[fe80::1]:3260', portalGroupTag: 2 },
    ],
  }));
  await withTarget({ discovery }, async (target) => {
    const client = await target.login({ targetName: null, keys: { MaxRecvDataSegmentLength: '512' } });
    const all = await client.sendTargets('All');
    assert.equal(all.length, 100);
    assert.deepEqual(all[99], {
      targetName: 'iqn.2026-11.test:target-99',
      addresses: ['10.0.0.1:3260,1', '[fe80::1]:3260,2'],
    });
    assert.equal((await client.sendTargets('iqn.2026-11.test:target-7')).length, 1);
    assert.deepEqual(await client.sendTargets('iqn.2026-11.test:none'), []);
    assert.deepEqual(await client.sendTargets(''), []);
    assert.deepEqual(await client.text([['X-what', '1']]), [['X-what', 'NotUnderstood']]);
    await client.logout();
  });
});

test('a normal session hears of its own target alone', async () => {
  const own = testPort();
  const portals = [{ address: '127.0.0.1:3260', portalGroupTag: 1 }];
  const discovery = [
    { targetName: own.targetName, portals },
    { targetName: 'iqn.2026-11.test:other', portals },
  ];
  await withTarget({ discovery }, async (target) => {
    const client = await target.login();
    assert.deepEqual(await client.sendTargets(''), [
      { targetName: own.targetName, addresses: ['127.0.0.1:3260,1'] },
    ]);
    assert.deepEqual(await client.sendTargets('iqn.2026-11.test:other'), []);
    assert.deepEqual(await client.text([['SendTargets', 'All']]), [['SendTargets', 'Reject']]);
    await client.logout();
  });
});

test('a logout closes the nexus before it is answered', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    client.start(LUN, blockCdb(READ_16, 0, 1), { dataInLength: BLOCK });
    await router.task(0);
    await client.logout();
    assert.deepEqual(router.events, ['open', 'execute 136', 'close logout']);
    assert.deepEqual(target.portal.sessions(), []);
  });
});

test('a connection that breaks closes the nexus, and gives back the buffer that was being filled', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    const length = 100 * BLOCK;
    const changes = { write: true, expectedDataTransferLength: length, dataSegmentLength: length };
    session.command(changes, pattern(1000));
    const task = await router.task(0);
    session.connection.destroy();
    await router.until(() => router.closed.length === 1);
    assert.equal(router.closed[0]?.why, 'connectionLost');
    assert.equal(task.lost, true);
    assert.equal(task.arrivals, 0);
  });
});

test('a session that is replaced while it sends data is over before the new one begins', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    const length = 100 * BLOCK;
    const changes = { write: true, expectedDataTransferLength: length, dataSegmentLength: length };
    session.command(changes, pattern(1000));
    const task = await router.task(0);
    const young = await target.login();
    assert.equal(task.lost, true);
    assert.deepEqual(router.events, ['open', 'execute 0', 'close reinstated', 'open']);
    await young.logout();
  });
});

test('a login of the same initiator port takes the place of the old session', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const old = await target.login();
    const running = old.start(LUN, blockCdb(READ_16, 0, 1), { dataInLength: BLOCK });
    await router.task(0);
    const other = await target.login({ isid: '800000000002' });
    const young = await target.login();
    await assert.rejects(running.result, /closed/);
    assert.deepEqual(router.events, ['open', 'execute 136', 'open', 'close reinstated', 'open']);
    assert.equal(target.portal.sessions().length, 2, 'another ISID is another session');
    await young.logout();
    await other.logout();
  });
});

test('a portal that closes lets commands come to their end, and takes no new ones', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const { result } = client.start(LUN, blockCdb(READ_16, 0, 1), { dataInLength: BLOCK });
    const task = await router.task(0);
    const closing = target.portal.close();
    const ignored = client.start(LUN, new Uint8Array(6));
    await client.ping(pattern(4));
    assert.equal(router.tasks.length, 1);
    task.command.complete(GOOD);
    assert.equal((await result).status, 0);
    await closing;
    await assert.rejects(ignored.result, /closed/);
    await assert.rejects(target.login(), /ECONNREFUSED/);
  });
});
