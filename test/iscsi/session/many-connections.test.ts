import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeDataIn } from '../../../src/wire/iscsi/data-in.ts';
import { LoginStatus } from '../../../src/wire/iscsi/login-status.ts';
import { LogoutReason } from '../../../src/wire/iscsi/logout-request.ts';
import { LogoutResult } from '../../../src/wire/iscsi/logout-response.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { RejectReason } from '../../../src/wire/iscsi/reject.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { GOOD } from '../support/manual-router.ts';
import {
  answerPing,
  functionResponse,
  logout,
  ManyConnections,
  sendFunction,
  sendLogout,
  withSession,
} from '../support/many-connections.ts';
import type { RawSession } from '../support/raw-session.ts';
import { BLOCK, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;

test('commands are in one order on all connections, and each is answered on its own, which counts its own answers', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const early = session.first.cmdSN + 1;
    second.command({ cmdSN: early, initiatorTaskTag: 2, cdb: blockCdb(READ_16, 2, 1) });
    await second.settle();
    assert.equal(router.tasks.length, 0, 'the first has not come');
    session.first.command({ cmdSN: early - 1, initiatorTaskTag: 1 });
    await router.task(1);
    assert.deepEqual(
      router.tasks.map(({ command }) => command.tag),
      [1, 2],
    );
    for (const { command } of [...router.tasks].reverse()) command.complete(GOOD);
    const answers = [];
    for (const { connection } of session.all) {
      const pdu = await connection.receive();
      assert.equal(pdu?.opcode, Opcode.scsiResponse);
      answers.push(decodeScsiResponse(pdu?.header ?? new Uint8Array()));
    }
    assert.deepEqual(
      answers.map(({ initiatorTaskTag }) => initiatorTaskTag),
      [1, 2],
    );
    // One login answer before each; the second one has answered a NOP-Out too.
    assert.deepEqual(
      answers.map(({ statSN }) => statSN),
      [1, 2],
    );
    assert.equal(answers[0]?.maxCmdSN, (answers[1]?.maxCmdSN ?? 0) + 1, 'one window, opened twice');
  });
});

test('what is written by four connections is read back by each of them', async () => {
  await withTarget({}, async (target) => {
    const session = await ManyConnections.open(target, { ImmediateData: 'No', MaxBurstLength: '4096' });
    const crc = { HeaderDigest: 'CRC32C', DataDigest: 'CRC32C' };
    for (const [id, keys] of [{}, crc, { DataDigest: 'CRC32C' }].entries()) await session.join(id + 1, keys);
    session.first.command();
    await session.first.receive(Opcode.scsiResponse);
    const blocks = 32;
    const write = (by: RawSession, at: number) => {
      const cdb = blockCdb(WRITE_16, at * 100, blocks);
      const expectedDataTransferLength = blocks * BLOCK;
      by.command({ write: true, initiatorTaskTag: 0x100 + at, expectedDataTransferLength, cdb });
    };
    for (const [at, by] of session.all.entries()) write(by, at);
    await Promise.all(
      session.all.map(async (by, at) => {
        const data = pattern(blocks * BLOCK, at);
        for (let left = 4; left > 0; left -= 1) {
          const r2t = decodeR2t((await by.receive(Opcode.r2t)).header);
          const { targetTransferTag, bufferOffset, desiredDataTransferLength } = r2t;
          const piece = data.subarray(bufferOffset, bufferOffset + desiredDataTransferLength);
          by.dataOut({ initiatorTaskTag: 0x100 + at, targetTransferTag, bufferOffset }, piece);
        }
        assert.equal(decodeScsiResponse((await by.receive(Opcode.scsiResponse)).header).status, 0);
      }),
    );
    for (const [reader, by] of session.all.entries()) {
      const at = (reader + 1) % 4;
      const cdb = blockCdb(READ_16, at * 100, blocks);
      by.command({ read: true, expectedDataTransferLength: blocks * BLOCK, cdb });
      const read = new Uint8Array(blocks * BLOCK);
      for (let done = false; !done; ) {
        const { header, data } = await by.receive(Opcode.dataIn);
        read.set(data, decodeDataIn(header).bufferOffset);
        done = decodeDataIn(header).withStatus;
      }
      assert(Buffer.from(read).equals(pattern(blocks * BLOCK, at)));
    }
    assert.deepEqual(
      target.portal.sessions().map(({ connections }) => connections.map(({ connectionId }) => connectionId)),
      [[0, 1, 2, 3]],
    );
    assert.equal(await logout(session.at(2), LogoutReason.closeSession), LogoutResult.closed);
    for (const each of session.all) await each.closed();
    assert.deepEqual(target.portal.sessions(), []);
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('a login to a session is refused where it is not of it, or there is no room', async () => {
  await withSession(
    async (session) => {
      await session.join(1);
      const asked = async (changes: object, keys = {}) => {
        const connection = await session.target.connect();
        const { response } = await session.ask(connection, { connectionId: 2, ...changes }, keys);
        await connection.closed;
        return response.status;
      };
      assert.equal(await asked({}), LoginStatus.tooManyConnections);
      assert.equal(await asked({ tsih: session.tsih + 1 }), LoginStatus.sessionDoesNotExist);
      assert.equal(await asked({ isid: '800000000099' }), LoginStatus.sessionDoesNotExist);
      const another = { InitiatorName: 'iqn.2026-11.test:another' };
      assert.equal(await asked({ connectionId: 1 }, another), LoginStatus.sessionDoesNotExist);
      await session.first.settle();
      await session.at(1).settle();
    },
    { MaxConnections: '2' },
  );
});

test('data that comes by another connection than its command ends the session', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cdb = blockCdb(WRITE_16, 0, 8);
    session.first.command({ write: true, expectedDataTransferLength: 4096, cdb });
    (await router.task(0)).command.receiveDataOut(0, 4096);
    const { targetTransferTag } = decodeR2t((await session.first.receive(Opcode.r2t)).header);
    second.dataOut({ targetTransferTag }, pattern(4096));
    await second.rejected(RejectReason.invalidPduField);
    for (const each of session.all) await each.closed();
    assert.deepEqual(
      router.closed.map(({ why }) => why),
      ['connectionLost'],
    );
  });
});

test('a connection is logged out alone, by itself or by another one: its commands are gone before the answer', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const third = await session.join(2);
    for (const [at, by] of [second, third, session.first].entries()) by.command({ initiatorTaskTag: at });
    await router.task(2);

    sendLogout(second, LogoutReason.closeConnection, 1);
    const own = await router.managed(0);
    assert.deepEqual([own.what, own.tag], [TaskFunction.abortTask, 0]);
    router.tasks[0]?.command.aborted();
    own.done('complete');
    await second.receive(Opcode.logoutResponse);
    await second.closed();

    sendLogout(session.first, LogoutReason.closeConnection, 2);
    const other = await router.managed(1);
    assert.equal(other.tag, 1);
    await third.closed();
    router.tasks[1]?.command.aborted();
    other.done('complete');
    await session.first.receive(Opcode.logoutResponse);

    assert.equal(
      await logout(session.first, LogoutReason.closeConnection, 2),
      LogoutResult.connectionIdNotFound,
    );
    assert.equal(
      await logout(session.first, LogoutReason.removeForRecovery, 0),
      LogoutResult.recoveryNotSupported,
    );
    router.tasks[2]?.command.complete(GOOD);
    await session.first.receive(Opcode.scsiResponse);
    assert.equal(router.closed.length, 0, 'the nexus is still there');
    assert.equal(await logout(session.first, LogoutReason.closeConnection, 0), LogoutResult.closed);
    assert.deepEqual(
      router.closed.map(({ why }) => why),
      ['logout'],
    );
  });
});

test('a logout of the only connection that is still open ends the session, though commands of a lost one are still being aborted', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 1 });
    await router.task(0);
    second.connection.destroy();
    const abort = await router.managed(0);
    assert.equal(await logout(session.first, LogoutReason.closeConnection, 0), LogoutResult.closed);
    await session.first.closed();
    abort.done('complete');
    assert.deepEqual(
      router.closed.map(({ why }) => why),
      ['logout'],
    );
    assert.deepEqual(session.target.portal.sessions(), []);
  });
});

test('a session ends when its other connection is lost while the one that logs out waits for its commands', async () => {
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    await withSession(async (session, router) => {
      const second = await session.join(1);
      session.first.command({ initiatorTaskTag: 1 });
      second.command({ initiatorTaskTag: 2 });
      await router.task(1);
      sendLogout(session.first, LogoutReason.closeConnection, 0);
      await router.managed(0);
      second.connection.destroy();
      await router.managed(1);
      for (const at of order) {
        router.tasks[at]?.command.aborted();
        router.functions[at]?.done('complete');
      }
      await session.first.receive(Opcode.logoutResponse);
      await session.first.closed();
      assert.deepEqual(
        router.closed.map(({ why }) => why),
        ['connectionLost'],
      );
      assert.deepEqual(session.target.portal.sessions(), []);
    });
  }
});

test('a function acts on the commands of all connections', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cmdSN = session.first.cmdSN;
    session.first.command({ initiatorTaskTag: 1 });
    await router.task(0);
    sendFunction(second, TaskFunction.abortTask, 1, cmdSN);
    const { tag, done } = await router.managed(0);
    assert.equal(tag, 1);
    router.tasks[0]?.command.aborted();
    done('complete');
    assert.equal(await functionResponse(second), TaskResponse.functionComplete);
  });
});

test('a reset waits for what was sent before it on other connections, and its answer for what was answered there', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cmdSN = session.first.cmdSN;
    session.first.cmdSN += 1;
    sendFunction(second, TaskFunction.logicalUnitReset);
    await second.settle();
    assert.deepEqual(router.events, ['open']);
    session.first.command({ cmdSN, initiatorTaskTag: 1 });
    const reset = await router.managed(0);
    router.tasks[0]?.command.aborted();
    reset.done('complete');
    await second.settle();
    await answerPing(session.first);
    assert.equal(await functionResponse(second), TaskResponse.functionComplete);
  });
});

test('a sign of life is asked for on each connection, and given when each has answered', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    let answered = 0;
    const ask = () =>
      router.opened[0]?.presence.ping(() => {
        answered += 1;
      });
    ask();
    await answerPing(session.first);
    await session.first.settle();
    assert.equal(answered, 0);
    await answerPing(second);
    await second.settle();
    assert.equal(answered, 1);

    ask();
    await second.receive(Opcode.nopIn);
    await session.first.receive(Opcode.nopIn);
    second.connection.destroy();
    // What the lost one was asked, the other is asked again.
    await answerPing(session.first);
    await session.first.settle();
    assert.equal(answered, 1, 'its own question is still open');
  });
});
