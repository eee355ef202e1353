import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IscsiInitiator } from '../../../client/iscsi-initiator.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { TaskResponse } from '../../../src/wire/iscsi/task-management-response.ts';
import { blockCdb, pattern, testPort } from '../../support/scsi.ts';
import { GOOD, ManualRouter } from '../support/manual-router.ts';
import { assertServes, BLOCK, LUN, type TestTarget, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const RESERVE_6 = Uint8Array.of(0x16, 0, 0, 0, 0, 0);

test('ABORT TASK is answered when the unit has let go, and the task never', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, new Uint8Array(6));
    await client.command(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(8 * BLOCK) });
    target.held.holding = true;
    const write = client.start(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(8 * BLOCK, 2) });
    await target.held.atLeast(1);
    let answered = false;
    const aborting = client.manage(TaskFunction.abortTask, LUN, write).then((response) => {
      answered = true;
      return response;
    });
    await client.ping(pattern(16));
    assert.equal(answered, false, 'the store still has the buffer');
    target.held.open();
    assert.equal(await aborting, TaskResponse.functionComplete);
    assert.equal(await client.manage(TaskFunction.abortTask, LUN, write), TaskResponse.taskDoesNotExist);
    await client.logout();
    assert.equal(target.pool.leasedBytes, 0);
  });
});

test('ABORT TASK for a command that has not come completes, and the command never runs', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const missing = { tag: 0x7777, cmdSN: client.cmdSN };
    const skipped = client.skipCmdSN();
    assert.equal(skipped, missing.cmdSN);
    assert.equal(await client.manage(TaskFunction.abortTask, LUN, missing), TaskResponse.functionComplete);
    const next = client.start(LUN, blockCdb(READ_16, 5, 1), { dataInLength: BLOCK });
    const task = await router.task(0);
    assert.equal(task.command.tag, next.tag, 'the gap is closed');
    task.command.complete(GOOD);
    assert.equal((await next.result).status, 0);
    const outside = { tag: 0x7778, cmdSN: client.cmdSN + 5000 };
    assert.equal(await client.manage(TaskFunction.abortTask, LUN, outside), TaskResponse.taskDoesNotExist);
    await client.logout();
  });
});

test('a function that clears a unit waits for the commands before it', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const gap = client.skipCmdSN();
    client.start(LUN, blockCdb(READ_16, 1, 1), { dataInLength: BLOCK });
    const reset = client.manage(TaskFunction.logicalUnitReset, LUN);
    await client.ping(pattern(4));
    assert.deepEqual(router.events, ['open'], 'nothing may overtake the missing command');
    client.start(LUN, blockCdb(WRITE_16, 0, 1), { dataOut: pattern(BLOCK) }, gap);
    const asked = await router.managed(0);
    assert.deepEqual(router.events, ['open', 'execute 138', 'execute 136', 'manage 5']);
    for (const { command } of router.tasks) command.aborted();
    asked.done('complete');
    assert.equal(await reset, TaskResponse.functionComplete);
    await client.logout();
  });
});

test('data that comes for an aborted write is thrown away', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login({ keys: { InitialR2T: 'Yes', ImmediateData: 'No' } });
    client.start(LUN, blockCdb(WRITE_16, 0, 200), { dataOut: pattern(200 * BLOCK) });
    const task = await router.task(0);
    // The R2T goes out, and its data is on the way when the task is aborted.
    task.command.receiveDataOut(0, 200 * BLOCK);
    task.command.aborted();
    await client.ping(pattern(4));
    await client.ping(pattern(4));
    assert.equal(task.arrivals, 0);
    assert.equal(target.portal.sessions()[0]?.commandsOutstanding, 0);
    await client.logout();
  });
});

test('each answer of a unit has its response', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const responses = [
      ['complete', TaskResponse.functionComplete],
      ['taskDoesNotExist', TaskResponse.taskDoesNotExist],
      ['noSuchUnit', TaskResponse.lunDoesNotExist],
      ['rejected', TaskResponse.functionRejected],
    ] as const;
    for (const [at, [answer, expected]] of responses.entries()) {
      const response = client.manage(TaskFunction.clearTaskSet, LUN);
      (await router.managed(at)).done(answer);
      assert.equal(await response, expected);
    }
    assert.equal(await client.manage(TaskFunction.taskReassign, LUN), TaskResponse.reassignmentNotSupported);
    await client.logout();
  });
});

test('a session is dropped without an answer where an outcome is not known', async () => {
  for (const how of ['command', 'function'] as const) {
    const router = new ManualRouter();
    await withTarget({ router }, async (target) => {
      const client = await target.login();
      const { result } = client.start(LUN, blockCdb(READ_16, 0, 1), { dataInLength: BLOCK });
      const task = await router.task(0);
      if (how === 'command') task.command.outcomeUnknown('the link died');
      else {
        client.manage(TaskFunction.abortTaskSet, LUN).catch(() => {});
        (await router.managed(0)).done('unknown');
      }
      await assert.rejects(result, /closed/);
      assert.deepEqual(
        router.closed.map(({ why }) => why),
        ['linkLost'],
      );
    });
  }
});

test('after a logical unit reset the unit serves on', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    assert.equal(await client.manage(TaskFunction.logicalUnitReset, LUN), TaskResponse.functionComplete);
    assert.equal(await client.manage(TaskFunction.logicalUnitReset, 9), TaskResponse.lunDoesNotExist);
    await client.logout();
    await assertServes(target);
  });
});

test('a target reset is answered when all units are reset; a cold one that could not be done ends no session', async () => {
  const router = new ManualRouter();
  await withTarget({ router }, async (target) => {
    const client = await target.login();
    const warm = client.manage(TaskFunction.targetWarmReset, 0);
    (await router.managed(0)).done('complete');
    assert.equal(await warm, TaskResponse.functionComplete);
    const cold = client.manage(TaskFunction.targetColdReset, 0);
    (await router.managed(1)).done('rejected');
    assert.equal(await cold, TaskResponse.functionRejected);
    await client.ping(pattern(4));
    assert.deepEqual(router.events, ['open', 'reset all', 'reset all']);
    await client.logout();
  });
});

test('TARGET WARM RESET resets the units and leaves every session', async () => {
  await withTarget({}, async (target) => {
    const [one, other] = [await quiet(target, 'one'), await quiet(target, 'other')];
    await one.command(LUN, RESERVE_6);
    assert.equal(await one.manage(TaskFunction.targetWarmReset, 0), TaskResponse.functionComplete);
    for (const client of [one, other]) {
      assert.equal((await client.command(LUN, TEST_UNIT_READY)).sense?.ascq, 3, 'told of the reset');
      await client.command(LUN, TEST_UNIT_READY);
    }
    assert.equal((await other.command(LUN, RESERVE_6)).status, 0, 'the reservation is gone');
    for (const client of [one, other]) await client.logout();
  });
});

test('TARGET COLD RESET is answered, and then ends every session with that target', async () => {
  const ports = [testPort(), testPort({ name: 'second', targetName: 'iqn.test:second', relativeId: 2 })];
  await withTarget({ ports }, async (target) => {
    const [one, other] = [await quiet(target, 'one'), await quiet(target, 'other')];
    const elsewhere = await quiet(target, 'elsewhere', 'iqn.test:second');
    const ended = [one, other].map((client) => assert.rejects(forever(client), /closed/));
    assert.equal(await one.manage(TaskFunction.targetColdReset, 0), TaskResponse.functionComplete);
    await Promise.all(ended);
    await elsewhere.ping(pattern(4));
    assert.deepEqual(
      target.portal.sessions().map(({ port }) => port),
      ['second'],
    );
    assert.equal((await elsewhere.command(LUN, TEST_UNIT_READY)).sense?.ascq, 3, 'its units were reset');
    await elsewhere.logout();
    await assertServes(target);
  });
});

async function quiet(target: TestTarget, name: string, targetName = target.ports[0]?.targetName ?? null) {
  const client = await target.login({ initiatorName: `iqn.2026-11.test:${name}`, targetName });
  await client.command(LUN, TEST_UNIT_READY);
  return client;
}

/** Until the session ends. */
async function forever(client: IscsiInitiator): Promise<never> {
  for (;;) await client.ping(pattern(4));
}
