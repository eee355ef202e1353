/** A portal that asks its sessions to leave, and sends newcomers elsewhere (RFC 7143 11.9.1, 11.13.5). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loginRequest, receiveLogin, sendLogin, usualKeys } from '../../../client/login.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { IscsiLimits } from '../../../src/limits.ts';
import { AsyncEvent, type AsyncMessage, decodeAsyncMessage } from '../../../src/wire/iscsi/async-message.ts';
import { BHS_LENGTH, countersOf } from '../../../src/wire/iscsi/bhs.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { encodeLogoutRequest, LogoutReason } from '../../../src/wire/iscsi/logout-request.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodePairs } from '../../../src/wire/iscsi/text.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { testPort } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { INITIATOR, type TestTarget, withTarget } from '../support/test-target.ts';

const OTHER = '192.0.2.2:3260';
const OTHER_NAME = 'iqn.2026-11.test:other';
const nowhere = () => null;

async function asked(session: RawSession): Promise<AsyncMessage> {
  return decodeAsyncMessage((await session.receive(Opcode.asyncMessage)).header);
}

function logOut(session: RawSession): void {
  const header = new Uint8Array(BHS_LENGTH);
  const request = {
    immediate: true,
    reason: LogoutReason.closeSession,
    initiatorTaskTag: 9,
    connectionId: 0,
  };
  encodeLogoutRequest({ ...request, cmdSN: session.cmdSN, expStatSN: 0 }, header);
  session.connection.send(header);
}

/** The answer to a login, in one request. */
async function logIn(
  target: TestTarget,
  targetName: string | null = testPort().targetName,
  initiatorName = INITIATOR,
) {
  const connection = await target.connect();
  sendLogin(connection, loginRequest(), usualKeys({ initiatorName, targetName }));
  const { response, text } = await receiveLogin(connection);
  return { status: response.status, pairs: decodePairs(text), connection };
}

test('every session is asked to log out, and the portal has left when all have', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const one = await RawSession.open(target);
    const other = await RawSession.open(target, { InitiatorName: OTHER_NAME });
    const left = target.portal.leave(nowhere);
    for (const session of [one, other]) {
      const { event, parameter1, parameter2, parameter3 } = await asked(session);
      assert.deepEqual([event, parameter1, parameter2], [AsyncEvent.requestsLogout, 0, 0]);
      assert.equal(parameter3, IscsiLimits.logoutMilliseconds / 1000);
      logOut(session);
      await session.receive(Opcode.logoutResponse);
      await session.closed();
    }
    await left;
    assert.deepEqual(
      router.events.filter((event) => event.startsWith('close')),
      ['close logout', 'close logout'],
    );
  });
});

test('a portal without sessions has left at once', async () => {
  await withTarget({}, async (target) => {
    await target.portal.leave(nowhere);
    await target.portal.leave(nowhere);
  });
});

test('the message takes a StatSN, and commands run until the session logs out', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target);
    session.command();
    (await router.task(0)).command.complete(GOOD);
    const before = countersOf((await session.receive(Opcode.scsiResponse)).header).statSN;
    const left = target.portal.leave(nowhere);
    assert.equal((await asked(session)).statSN, before + 1);
    session.command();
    (await router.task(1)).command.complete(GOOD);
    assert.equal(countersOf((await session.receive(Opcode.scsiResponse)).header).statSN, before + 2);
    logOut(session);
    await left;
  });
});

test('who logs in meanwhile is sent to where the target is too', async () => {
  await withTarget({}, async (target) => {
    const session = await RawSession.open(target);
    const left = target.portal.leave(({ initiatorName, port }) => {
      assert.deepEqual([initiatorName, port?.name], [INITIATOR, testPort().name]);
      return OTHER;
    });
    const { status, pairs, connection } = await logIn(target);
    assert.equal(status, LoginStatus.targetMovedTemporarily);
    assert.deepEqual(
      pairs.filter(([key]) => key === 'TargetAddress'),
      [['TargetAddress', OTHER]],
    );
    assert.equal(await connection.receive(), null);
    await asked(session);
    logOut(session);
    await left;
  });
});

test('the portal stays until a session that has logged out has come back to hear where to go', async () => {
  await withTarget({}, async (target) => {
    const sessions = [
      await RawSession.open(target),
      await RawSession.open(target, { InitiatorName: OTHER_NAME }),
    ];
    let hasLeft = false;
    const left = target.portal
      .leave(() => OTHER)
      .then(() => {
        hasLeft = true;
      });
    for (const session of sessions) {
      await asked(session);
      logOut(session);
      await session.receive(Opcode.logoutResponse);
      await session.closed();
    }
    assert.deepEqual(target.portal.sessions(), []);
    assert.equal((await logIn(target)).status, LoginStatus.targetMovedTemporarily);
    assert.equal((await logIn(target)).status, LoginStatus.targetMovedTemporarily, 'as often as it likes');
    assert.equal(hasLeft, false, 'the other has not come back');
    assert.equal((await logIn(target, undefined, OTHER_NAME)).status, LoginStatus.targetMovedTemporarily);
    await left;
  });
});

test('where the target is nowhere else, a login is refused as long as the system stops', async () => {
  await withTarget({}, async (target) => {
    const session = await RawSession.open(target);
    const left = target.portal.leave(nowhere);
    for (const targetName of [testPort().targetName, null]) {
      const { status, pairs, connection } = await logIn(target, targetName);
      assert.equal(status, LoginStatus.serviceUnavailable);
      assert.deepEqual(pairs, []);
      assert.equal(await connection.receive(), null);
    }
    await asked(session);
    logOut(session);
    await left;
  });
});

test('a login that had begun before is asked to leave as soon as it is over', async () => {
  await withTarget({}, async (target) => {
    const session = await RawSession.open(target);
    const connection = await target.connect();
    const names = usualKeys({ initiatorName: 'iqn.2026-11.test:late', targetName: testPort().targetName });
    sendLogin(connection, loginRequest({ transit: false }), names);
    await receiveLogin(connection);
    const left = target.portal.leave(nowhere);
    sendLogin(connection, loginRequest(), []);
    assert.equal((await receiveLogin(connection)).response.transit, true);
    const message = await connection.receive();
    assert.equal(message?.opcode, Opcode.asyncMessage);
    connection.destroy();
    await asked(session);
    logOut(session);
    await left;
  });
});

test('who does not log out in time is told that its session will be dropped', async () => {
  const clock = new ManualClock();
  await withTarget({ env: { ...nodeEnv(), clock } }, async (target) => {
    const session = await RawSession.open(target);
    let hasLeft = false;
    const left = target.portal.leave(nowhere).then(() => {
      hasLeft = true;
    });
    await asked(session);
    clock.pass(IscsiLimits.logoutMilliseconds - 1);
    await session.settle();
    assert.equal(hasLeft, false);
    clock.pass(1);
    clock.pass(IscsiLimits.drainMilliseconds);
    await left;
    // The defaults of Time2Wait and Time2Retain.
    const { event, parameter2, parameter3 } = await asked(session);
    assert.deepEqual([event, parameter2, parameter3], [AsyncEvent.dropsSession, 2, 20]);
    await target.portal.close();
    await session.closed();
  });
});
