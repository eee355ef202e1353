/** When a session lets go of the tasks of its commands: their units may give them to others then. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, Task } from '../../../src/scsi/logical-unit.ts';
import { Opcode } from '../../../src/wire/iscsi/opcode.ts';
import { decodeR2t } from '../../../src/wire/iscsi/r2t.ts';
import { decodeScsiResponse } from '../../../src/wire/iscsi/scsi-response.ts';
import { pattern } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { RawSession } from '../support/raw-session.ts';
import { BLOCK, type TestTarget, withTarget } from '../support/test-target.ts';

const TAG = 0x100;

async function withSession(
  body: (session: RawSession, router: ManualRouter, target: TestTarget) => Promise<void>,
  router = new ManualRouter(),
): Promise<void> {
  await withTarget({ router }, async (target) => {
    const session = await RawSession.open(target, { InitialR2T: 'No' });
    await body(session, router, target);
    session.connection.destroy();
  });
}

test('not before the socket has the data of a read', async () => {
  await withSession(async (session, router, { pool }) => {
    session.command({ read: true, expectedDataTransferLength: BLOCK });
    const task = await router.task(0);
    task.command.sendDataIn(0, pool.take(BLOCK), GOOD);
    assert.equal(task.timesLetGo, 0);
    await session.receive(Opcode.dataIn);
    await session.settle();
    assert.equal(task.timesLetGo, 1);
  });
});

test('not before the data of a write is here that was on its way when the command ended', async () => {
  await withSession(async (session, router) => {
    const header = session.commandHeader({
      write: true,
      expectedDataTransferLength: BLOCK,
      dataSegmentLength: BLOCK,
    });
    session.connection.sendBytes(Buffer.concat([header, pattern(BLOCK / 2)]));
    const task = await router.task(0);
    task.command.aborted();
    assert.equal(task.timesLetGo, 0);
    session.connection.sendBytes(Buffer.from(pattern(BLOCK / 2)));
    await session.settle();
    assert.equal(task.arrivals, 1);
    assert.equal(task.timesLetGo, 1);
  });
});

test('not while the result waits for data that nobody wants any more', async () => {
  await withSession(async (session, router) => {
    session.command({ write: true, final: false, expectedDataTransferLength: 2 * BLOCK });
    const task = await router.task(0);
    const result = { status: 2, sense: null, presentedLength: BLOCK };
    task.command.complete(result);
    assert.equal(task.timesLetGo, 0);
    session.dataOut({}, pattern(2 * BLOCK));
    const answer = decodeScsiResponse((await session.receive(Opcode.scsiResponse)).header);
    assert.deepEqual([answer.status, answer.residualCount], [2, BLOCK]);
    assert.equal(task.timesLetGo, 1);
  });
});

test('once, of a command that has ended before its unit has given the task', async () => {
  class Hasty extends ManualRouter {
    override execute(lun: number, command: Command): Task {
      const task = super.execute(lun, command);
      command.complete(GOOD);
      return task;
    }
  }
  await withSession(async (session, router) => {
    session.command({});
    const task = await router.task(0);
    await session.receive(Opcode.scsiResponse);
    assert.equal(task.timesLetGo, 1);
  }, new Hasty());
});

test('once, of a command that is aborted while data is asked for', async () => {
  await withSession(async (session, router) => {
    session.command({ write: true, expectedDataTransferLength: 2 * BLOCK });
    const task = await router.task(0);
    task.command.receiveDataOut(0, 2 * BLOCK);
    const { targetTransferTag } = decodeR2t((await session.receive(Opcode.r2t)).header);
    task.command.aborted();
    assert.equal(task.timesLetGo, 1);
    session.dataOut({ initiatorTaskTag: TAG, targetTransferTag }, pattern(2 * BLOCK));
    await session.settle();
    assert.deepEqual([task.arrivals, task.timesLetGo], [0, 1]);
  });
});
