import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogoutReason } from '../../../src/wire/iscsi/logout-request.ts';
import { LogoutResult } from '../../../src/wire/iscsi/logout-response.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { sense } from '../../../src/wire/scsi/sense.ts';
import { allReturned } from '../../cluster/support/all-returned.ts';
import { blockCdb } from '../../support/scsi.ts';
import { GOOD } from '../support/manual-router.ts';
import {
  functionResponse,
  logout,
  ManyConnections,
  sendFunction,
  sendLogout,
  withSession,
} from '../support/many-connections.ts';
import type { RawSession } from '../support/raw-session.ts';
import {
  connectionsLeft,
  LEVEL_2,
  lose,
  reassign,
  removeForRecovery,
  replace,
} from '../support/reassigning.ts';
import { acknowledge } from '../support/recovering.ts';
import { assertServes, BLOCK, INITIATOR, withTarget } from '../support/test-target.ts';

async function answer(by: RawSession) {
  return decodeScsiResponse((await by.receive(Opcode.scsiResponse)).header);
}

test('a command goes on when its connection is lost, and is answered by the one that takes it up', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    assert.equal(await reassign(session.first, 7), TaskResponse.taskStillAllegiant);
    await lose(session, second);
    assert.equal(await reassign(session.first, 7), TaskResponse.taskStillAllegiant, 'it was not logged out');
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 7), TaskResponse.functionComplete);
    assert.equal(
      await reassign(session.first, 7),
      TaskResponse.taskStillAllegiant,
      'it has a connection again',
    );
    router.tasks[0]?.command.complete(GOOD);
    const response = await answer(session.first);
    assert.equal(response.initiatorTaskTag, 7);
    // After one login answer, two of logouts and functions each, and two of functions.
    assert.equal(response.statSN, 6);
    assert.deepEqual(router.functions, [], 'nothing was aborted');
    assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
    assert.equal(await reassign(session.first, 99), TaskResponse.taskDoesNotExist);
  }, LEVEL_2);
});

for (const when of ['before', 'behind'] as const) {
  test(`an answer that was given ${when} the loss, and not acknowledged, is given again`, async () => {
    await withSession(async (session, router) => {
      const second = await session.join(1);
      second.command({ initiatorTaskTag: 7 });
      const { command } = await router.task(0);
      const failed = { status: 2, sense: sense.unrecoveredReadError(), presentedLength: 0 };
      if (when === 'before') {
        command.complete(failed);
        await second.receive(Opcode.scsiResponse);
      }
      await lose(session, second);
      if (when === 'behind') command.complete(failed);
      await removeForRecovery(session.first, 1);
      assert.equal(await reassign(session.first, 7), TaskResponse.functionComplete);
      const { header, data } = await session.first.receive(Opcode.scsiResponse);
      assert.equal(decodeScsiResponse(header).status, 2);
      assert.equal(decodeScsiResponse(header).statSN, 3);
      assert(data.length > 2, 'with its sense data');
      acknowledge(session.first, 4);
      assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
    }, LEVEL_2);
  });
}

test('an answer that was acknowledged is not kept, and nor is one whose tag is used again', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    second.command({ initiatorTaskTag: 8 });
    for (const at of [0, 1]) {
      (await router.task(at)).command.complete(GOOD);
      await second.receive(Opcode.scsiResponse);
    }
    acknowledge(second, 2);
    await second.settle();
    await lose(session, second);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
    session.first.command({ initiatorTaskTag: 8 });
    (await router.task(2)).command.complete(GOOD);
    await answer(session.first);
    assert.equal(await reassign(session.first, 8), TaskResponse.taskDoesNotExist);
  }, LEVEL_2);
});

for (const where of ['the same', 'another'] as const) {
  test(`the answer to a command whose tag another one had since, on ${where} connection, is not that one’s`, async () => {
    await withSession(async (session, router) => {
      const second = await session.join(1);
      second.command({ initiatorTaskTag: 7 });
      (await router.task(0)).command.complete(GOOD);
      // It is not acknowledged.
      await second.receive(Opcode.scsiResponse);
      const by = where === 'another' ? session.first : second;
      by.command({ initiatorTaskTag: 7 });
      await router.task(1);
      await lose(session, second);
      router.tasks[1]?.command.aborted();
      await removeForRecovery(session.first, 1);
      assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
      await session.first.settle();
    }, LEVEL_2);
  });
}

test('a retry of a command that was answered does not lose its answer', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cmdSN = session.first.cmdSN;
    second.command({ initiatorTaskTag: 8 });
    (await router.task(0)).command.complete(GOOD);
    await second.receive(Opcode.scsiResponse);
    await lose(session, second);
    session.first.command({ initiatorTaskTag: 8, cmdSN });
    session.first.cmdSN = cmdSN + 1;
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 8), TaskResponse.functionComplete);
    await answer(session.first);
    assert.equal(router.tasks.length, 1);
  }, LEVEL_2);
});

test('a session whose last connection is lost lives on; a login in its place takes its commands up', async () => {
  await withSession(async (session, router) => {
    const { first } = session;
    first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    first.connection.destroy();
    await connectionsLeft(session.target, 0);
    assert.equal(session.target.portal.sessions().length, 1);
    const again = await replace(session, first, 0);
    assert.equal(await reassign(again, 7), TaskResponse.functionComplete, 'it was logged out by the login');
    router.tasks[0]?.command.complete(GOOD);
    await answer(again);
    assert.deepEqual(router.events, ['open', 'execute 0'], 'the same nexus');
  }, LEVEL_2);
});

test('a connection with another id takes commands up when the lost one was logged out', async () => {
  await withSession(
    async (session, router) => {
      const { first } = session;
      first.command({ initiatorTaskTag: 7 });
      await router.task(0);
      first.connection.destroy();
      await connectionsLeft(session.target, 0);
      const other = await replace(session, first, 5);
      assert.equal(await reassign(other, 7), TaskResponse.taskStillAllegiant);
      await removeForRecovery(other, 0);
      assert.equal(await logout(other, LogoutReason.removeForRecovery, 0), LogoutResult.connectionIdNotFound);
      assert.equal(await reassign(other, 7), TaskResponse.functionComplete);
      router.tasks[0]?.command.complete(GOOD);
      await answer(other);
    },
    { ...LEVEL_2, MaxConnections: '1' },
  );
});

test('a login in the place of a connection that lives takes its commands up', async () => {
  await withSession(async (session, router) => {
    const { first } = session;
    first.command({ initiatorTaskTag: 7 });
    await router.task(0);
    const joining = session.join(0);
    await first.closed();
    const again = await joining;
    assert.deepEqual(router.functions, []);
    assert.equal(await reassign(again, 7), TaskResponse.functionComplete);
    router.tasks[0]?.command.complete(GOOD);
    await answer(again);
  }, LEVEL_2);
});

test('a connection that lives is removed for recovery by another one', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 7), TaskResponse.functionComplete);
    await second.closed();
    router.tasks[0]?.command.complete(GOOD);
    await answer(session.first);
  }, LEVEL_2);
});

test('the commands of a connection that has removed itself are taken up at once, though its client does not close it', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    second.connection.pause();
    sendLogout(second, LogoutReason.removeForRecovery, 1);
    let response: number = TaskResponse.taskStillAllegiant;
    while (response === TaskResponse.taskStillAllegiant) response = await reassign(session.first, 7);
    assert.equal(response, TaskResponse.functionComplete);
    router.tasks[0]?.command.complete(GOOD);
    await answer(session.first);
    assert.deepEqual(router.functions, []);
  }, LEVEL_2);
});

test('a logout that closes a connection, lost or not, is answered when its commands are gone', async () => {
  for (const lost of [false, true]) {
    await withSession(async (session, router) => {
      const second = await session.join(1);
      second.command({ initiatorTaskTag: 7 });
      await router.task(0);
      if (lost) await lose(session, second);
      sendLogout(session.first, LogoutReason.closeConnection, 1);
      const { what, tag, done } = await router.managed(0);
      assert.deepEqual([what, tag], [TaskFunction.abortTask, 7]);
      router.tasks[0]?.command.aborted();
      done('complete');
      await session.first.receive(Opcode.logoutResponse);
      assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
    }, LEVEL_2);
  }
});

test('a function ends a command that is kept, and nobody takes it up', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cmdSN = session.first.cmdSN;
    second.command({ initiatorTaskTag: 7 });
    await router.task(0);
    await lose(session, second);
    sendFunction(session.first, TaskFunction.abortTask, 7, cmdSN);
    const { done } = await router.managed(0);
    router.tasks[0]?.command.aborted();
    done('complete');
    assert.equal(await functionResponse(session.first), TaskResponse.functionComplete);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 7), TaskResponse.taskDoesNotExist);
  }, LEVEL_2);
});

test('commands that waited for their turn have not come; they are sent again', async () => {
  await withSession(async (session, router) => {
    const second = await session.join(1);
    const cmdSN = session.first.cmdSN;
    second.command({ cmdSN: cmdSN + 1, initiatorTaskTag: 2 });
    await second.settle();
    await lose(session, second);
    await removeForRecovery(session.first, 1);
    assert.equal(await reassign(session.first, 2), TaskResponse.taskDoesNotExist);
    session.first.command({ cmdSN, initiatorTaskTag: 1 });
    session.first.command({ cmdSN: cmdSN + 1, initiatorTaskTag: 2 });
    await router.task(1);
    assert.deepEqual(
      router.tasks.map(({ command }) => command.tag),
      [1, 2],
    );
  }, LEVEL_2);
});

test('no TASK REASSIGN, whatever it says and whenever it comes, brings the target out of step', async () => {
  await withTarget({}, async (target) => {
    const session = await ManyConnections.open(target, LEVEL_2);
    session.first.command();
    await session.first.receive(Opcode.scsiResponse);
    const number = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 0xffffffff }));
    const step = fc.record({
      read: fc.boolean(),
      loggedOut: fc.boolean(),
      functions: fc.array(fc.tuple(number, number), { maxLength: 4 }),
    });
    for (const { read, loggedOut, functions } of fc.sample(step, { numRuns: 60, seed: 11 })) {
      const second = await session.join(1);
      for (let tag = 0; tag < 4; tag += 1) {
        const cdb = blockCdb(read ? 0x88 : 0x8a, 0, 64);
        const how = { read, write: !read, expectedDataTransferLength: 64 * BLOCK };
        second.command({ initiatorTaskTag: tag, ...how, cdb });
      }
      await lose(session, second);
      if (loggedOut) await removeForRecovery(session.first, 1);
      for (const [tag, expDataSN] of functions) {
        sendFunction(session.first, TaskFunction.taskReassign, tag, 0, expDataSN);
      }
      await until(session.first, Opcode.taskManagementResponse, functions.length);
      sendFunction(session.first, TaskFunction.abortTaskSet);
      await until(session.first, Opcode.taskManagementResponse, 1);
    }
    assert.equal(target.portal.sessions().length, 1);
    const young = await target.login({ initiatorName: INITIATOR });
    await session.first.closed();
    await young.logout();
    await assertServes(target);
    await allReturned(target.pool);
  });
});

/** Takes what comes, up to so many PDUs of that kind. */
async function until(by: RawSession, opcode: number, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const pdu = await by.connection.receive();
    assert(pdu !== null, 'the session goes on');
    if (pdu.opcode === opcode) left -= 1;
  }
}

test('below level 2 nothing is taken up', async () => {
  for (const level of ['0', '1']) {
    await withSession(
      async (session, router) => {
        session.first.command({ initiatorTaskTag: 7 });
        await router.task(0);
        assert.equal(await reassign(session.first, 7), TaskResponse.reassignmentNotSupported);
        assert.equal(
          await logout(session.first, LogoutReason.removeForRecovery, 0),
          LogoutResult.recoveryNotSupported,
        );
        session.first.connection.destroy();
        await router.until(() => router.closed.length === 1);
        assert.deepEqual(session.target.portal.sessions(), []);
      },
      { ErrorRecoveryLevel: level },
    );
  }
});
