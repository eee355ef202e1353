/** What comes before a login, in place of one, or by the hundred. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../client/login.ts';
import type { PduConnection } from '../../client/pdu-connection.ts';
import { IscsiLimits } from '../../src/limits.ts';
import type { Command, Task } from '../../src/scsi/logical-unit.ts';
import { BHS_LENGTH } from '../../src/wire/iscsi/bhs.ts';
import { encodeLoginRequest } from '../../src/wire/iscsi/login-request.ts';
import { LoginStatus } from '../../src/wire/iscsi/login-status.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { testPort } from '../support/scsi.ts';
import { ManualRouter } from './support/manual-router.ts';
import { RawSession } from './support/raw-session.ts';
import { assertServes, INITIATOR, withTarget } from './support/test-target.ts';

const keys = () => usualKeys({ initiatorName: INITIATOR, targetName: testPort().targetName });

test('whatever PDU comes first that is no login request: 0x020b, and the connection closes', async () => {
  await withTarget({}, async (target) => {
    for (let opcode = 0; opcode < 0x40; opcode += 1) {
      if (opcode === Opcode.loginRequest) continue;
      const connection = await target.connect();
      const header = new Uint8Array(BHS_LENGTH);
      header[0] = opcode;
      header[1] = 0x80;
      connection.send(header);
      assert.equal((await receiveLogin(connection)).response.status, LoginStatus.invalidDuringLogin);
      await connection.closed;
    }
    await assertServes(target);
  });
});

test('a login request whose lengths go beyond what comes is waited for, and ends with its connection', async () => {
  await withTarget({}, async (target) => {
    for (const [words, length] of [
      [255, 0],
      [0, 8192],
      [255, 8192],
    ] as const) {
      const connection = await target.connect();
      const header = new Uint8Array(BHS_LENGTH);
      encodeLoginRequest({ ...loginRequest(), dataSegmentLength: length }, header);
      header[4] = words;
      connection.send(header);
      connection.destroy();
      await connection.closed;
    }
    await assertServes(target);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('a data segment over 8,192 bytes, up to what 24 bits can say, closes the connection before any of it is there', async () => {
  await withTarget({}, async (target) => {
    for (const length of [8193, 0x7fffff, 0x800000, 0xffffff]) {
      const connection = await target.connect();
      const header = new Uint8Array(BHS_LENGTH);
      encodeLoginRequest({ ...loginRequest(), dataSegmentLength: length }, header);
      connection.send(header);
      assert.equal(await connection.receive(), null);
    }
    await assertServes(target);
  });
});

test('names and values that are too long, and keys by the hundred: 0x0200, and the connection closes', async () => {
  const long: readonly (readonly [string, string])[][] = [
    [['InitiatorName', `iqn.2026-11.test:${'x'.repeat(300)}`]],
    [...keys(), ['X-long', 'v'.repeat(IscsiLimits.maxTextValueBytes - 1000)]],
    Array.from({ length: IscsiLimits.maxTextKeys + 1 }, (_, number) => [`X-${number}`, '1'] as const),
  ];
  const expected = [LoginStatus.initiatorError, LoginStatus.success, LoginStatus.initiatorError];
  await withTarget({}, async (target) => {
    for (const [at, pairs] of long.entries()) {
      const connection = await target.connect();
      sendLogin(connection, loginRequest(), pairs);
      assert.equal((await receiveLogin(connection)).response.status, expected[at]);
      connection.destroy();
      await connection.closed;
    }
    await assertServes(target);
  });
});

test('a flood from one address: the one too many is told so, and served when another has gone', async () => {
  await withTarget({}, async (target) => {
    const silent: PduConnection[] = [];
    for (let count = 0; count < IscsiLimits.maxConnectionsPerAddress; count += 1)
      silent.push(await target.connect());
    const connection = await target.connect();
    sendLogin(connection, loginRequest(), keys());
    assert.equal((await receiveLogin(connection)).response.status, LoginStatus.outOfResources);
    await connection.closed;
    for (const one of silent) one.destroy();
    await Promise.all(silent.map(({ closed }) => closed));
    // The target hears of it in turns of its own loop.
    for (;;) {
      const again = await target.connect();
      sendLogin(again, loginRequest(), keys());
      const { status } = (await receiveLogin(again)).response;
      again.destroy();
      await again.closed;
      if (status === LoginStatus.success) break;
      assert.equal(status, LoginStatus.outOfResources);
    }
    await assertServes(target);
  });
});

/** Has a bug that CDB FFh finds. */
class BrokenRouter extends ManualRouter {
  override execute(lun: number, command: Command): Task {
    if (command.cdb[0] === 0xff) throw new Error('planted by the test');
    return super.execute(lun, command);
  }
}

test('an exception ends the connection whose PDU it came from, and no other', async () => {
  const router = new BrokenRouter();
  await withTarget({ router }, async (target) => {
    const other = await RawSession.open(target);
    const session = await RawSession.open(target, {}, '00023d00beef');
    const cdb = new Uint8Array(16);
    cdb[0] = 0xff;
    session.command({ cdb });
    await session.closed();
    other.command();
    await router.task(0);
    await other.settle();
    assert.equal(target.portal.sessions().length, 1);
    other.connection.destroy();
  });
});
