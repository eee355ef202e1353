import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoginError, loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { BHS_LENGTH } from '../../../src/wire/iscsi/bhs.ts';
import { encodeLoginRequest, LoginStage } from '../../../src/wire/iscsi/login-request.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { encodeNopOut } from '../../../src/wire/iscsi/nop-out.ts';
import { encodeText } from '../../../src/wire/iscsi/text.ts';
import { testPort } from '../../support/scsi.ts';
import { assertServes, INITIATOR, withTarget } from '../support/test-target.ts';

const keys = () => usualKeys({ initiatorName: INITIATOR, targetName: testPort().targetName });

test('ports that share a portal are told apart by their target names', async () => {
  const first = testPort({ name: 'alpha-local', targetName: 'iqn.2026-11.test:local' });
  const second = testPort({ name: 'alpha-proxy', targetName: 'iqn.2026-11.test:proxy', portalGroupTag: 2 });
  await withTarget({ ports: [first, second] }, async (target) => {
    const one = await target.login({ targetName: first.targetName });
    const two = await target.login({ targetName: second.targetName });
    assert.equal(one.session.keys.get('TargetPortalGroupTag'), '1');
    assert.equal(two.session.keys.get('TargetPortalGroupTag'), '2');
    assert.notEqual(one.session.tsih, two.session.tsih);
    assert.deepEqual(
      target.portal.sessions().map(({ port, initiatorName }) => [port, initiatorName]),
      [
        ['alpha-local', INITIATOR],
        ['alpha-proxy', INITIATOR],
      ],
    );
    await one.logout();
    await two.logout();
    assert.deepEqual(target.portal.sessions(), []);
  });
});

test('a login in many requests and single bytes succeeds', async () => {
  await withTarget({}, async (target) => {
    const connection = await target.connect();
    const text = encodeText(keys());
    for (const [at, piece] of [text.subarray(0, 50), text.subarray(50)].entries()) {
      const stages = { currentStage: LoginStage.operational, nextStage: LoginStage.fullFeature };
      const request = loginRequest({ ...stages, transit: at === 1, continues: at === 0 });
      const bytes = new Uint8Array(BHS_LENGTH + ((piece.length + 3) & ~3));
      encodeLoginRequest({ ...request, dataSegmentLength: piece.length }, bytes);
      bytes.set(piece, BHS_LENGTH);
      for (const byte of bytes) connection.sendBytes(Uint8Array.of(byte));
      const { response } = await receiveLogin(connection);
      assert.equal(response.status, LoginStatus.success);
      assert.equal(response.transit, at === 1);
      assert.equal(response.tsih !== 0, at === 1);
    }
    connection.destroy();
  });
});

test('a refused login gets its status, and the connection is closed', async () => {
  await withTarget({}, async (target) => {
    const refused = (status: number) => (error: unknown) =>
      error instanceof LoginError && error.status === status;
    await assert.rejects(target.login({ targetName: 'iqn.2026-11.test:no' }), refused(LoginStatus.notFound));
    const chap = { AuthMethod: 'CHAP' };
    await assert.rejects(target.login({ keys: chap }), refused(LoginStatus.authenticationFailure));
    const connection = await target.connect();
    sendLogin(connection, loginRequest({ tsih: 77 }), keys());
    assert.equal((await receiveLogin(connection)).response.status, LoginStatus.sessionDoesNotExist);
    await connection.closed;
    await assertServes(target);
  });
});

test('a PDU before login is refused with 0x020b', async () => {
  await withTarget({}, async (target) => {
    const connection = await target.connect();
    const header = new Uint8Array(BHS_LENGTH);
    const nop = { immediate: true, dataSegmentLength: 0, lun: new Uint8Array(8), initiatorTaskTag: 5 };
    encodeNopOut({ ...nop, targetTransferTag: 0xffffffff, cmdSN: 1, expStatSN: 1 }, header);
    connection.send(header);
    const { response } = await receiveLogin(connection);
    assert.equal(response.status, LoginStatus.invalidDuringLogin);
    assert.equal(response.initiatorTaskTag, 5);
    await connection.closed;
    await assertServes(target);
  });
});

test('more than 8192 bytes of data in a login request close the connection', async () => {
  await withTarget({}, async (target) => {
    const connection = await target.connect();
    sendLogin(connection, loginRequest(), new Uint8Array(8193));
    assert.equal(await connection.receive(), null);
    await assertServes(target);
  });
});

test('malformed texts are refused with 0x0200', async () => {
  await withTarget({}, async (target) => {
    const texts = ['InitiatorName', '=x\0', `${'K'.repeat(64)}=1\0`, 'A=1\0A=1\0', '\u0001=1\0'];
    for (const text of texts) {
      const connection = await target.connect();
      sendLogin(connection, loginRequest(), new TextEncoder().encode(text));
      const { response } = await receiveLogin(connection);
      assert.equal(response.status, LoginStatus.initiatorError, text);
      await connection.closed;
    }
    await assertServes(target);
  });
});

test('keys that nobody knows are not understood, whatever their names', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login({ keys: JSON.parse('{"__proto__":"1","X-a":"2","constructor":"3"}') });
    assert.equal(client.session.keys.get('__proto__'), 'NotUnderstood');
    assert.equal(client.session.keys.get('X-a'), 'NotUnderstood');
    assert.equal(client.session.keys.get('constructor'), 'NotUnderstood');
    await client.logout();
  });
});

test('a login that does not come to its end is closed by the timer', async () => {
  const env = nodeEnv();
  const timers: { milliseconds: number; run: () => void; cancelled: boolean }[] = [];
  const clock = {
    now: () => env.clock.now(),
    wallTime: () => 0,
    endOfTurn: (run: () => void) => env.clock.endOfTurn(run),
    after: (milliseconds: number, run: () => void) => {
      const timer = { milliseconds, run, cancelled: false };
      timers.push(timer);
      const cancel = () => {
        timer.cancelled = true;
      };
      return { cancel };
    },
  };
  await withTarget({ env: { ...env, clock } }, async (target) => {
    const connection = await target.connect();
    sendLogin(connection, loginRequest({ transit: false }), keys());
    await receiveLogin(connection);
    const timer = timers.find(({ milliseconds }) => milliseconds === IscsiLimits.loginMilliseconds);
    assert.equal(timer?.cancelled, false);
    timer?.run();
    assert.equal(await connection.receive(), null);
    const client = await target.login();
    assert.equal(
      timers.filter(({ milliseconds }) => milliseconds === IscsiLimits.loginMilliseconds).at(-1)?.cancelled,
      true,
    );
    await client.destroy();
  });
});
