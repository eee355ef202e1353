import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import type { PduConnection } from '../../../client/pdu-connection.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { TaskFunction } from '../../../src/wire/iscsi/task-management-request.ts';
import { latencyCounts } from '../../support/latencies.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, LUN, type TestTarget, turn, withTarget } from '../support/test-target.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const INQUIRY = Uint8Array.of(0x12, 0, 0, 0, 36, 0);
const BLOCKS = 200;

type SentPdu = Parameters<PduConnection['send']>;

/** Every way in which data-out may be cut. */
const agreements: Record<string, Record<string, string>> = {
  'immediate and unsolicited data': { InitialR2T: 'No', ImmediateData: 'Yes', FirstBurstLength: '65536' },
  'R2T alone': { InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '32768' },
};

for (const [name, keys] of Object.entries(agreements)) {
  test(`every command counts once in each stage that it is in, with ${name}`, async () => {
    await withTarget({}, async (target) => {
      const client = await target.login({ keys });
      await client.command(LUN, TEST_UNIT_READY);
      await client.command(LUN, INQUIRY, { dataInLength: 36 });
      for (let time = 0; time < 3; time++) {
        const dataOut = pattern(BLOCKS * BLOCK, time);
        await client.command(LUN, blockCdb(WRITE_16, 0, BLOCKS), { dataOut });
      }
      for (let time = 0; time < 2; time++) {
        await client.command(LUN, blockCdb(READ_16, 0, BLOCKS), { dataInLength: BLOCKS * BLOCK });
      }
      await client.logout();
      await turn();
      assert.deepEqual(latencyCounts(target.stages), {
        'direct read': { received: 2, queued: 2, stored: 2, answered: 2, total: 2 },
        'direct write': { received: 3, queued: 3, stored: 3, answered: 3, total: 3 },
        'direct other': { received: 2, queued: 2, answered: 2, total: 2 },
      });
    });
  });
}

test('a command that fails counts too, and not in what it did not reach', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, TEST_UNIT_READY);
    const beyond = blockCdb(WRITE_16, 2 ** 31, 8);
    const failed = await client.command(LUN, beyond, { dataOut: pattern(8 * BLOCK) });
    assert.equal(failed.status, 2);
    await client.logout();
    await turn();
    assert.deepEqual(latencyCounts(target.stages)['direct write'], {
      received: 1,
      queued: 1,
      answered: 1,
      total: 1,
    });
  });
});

test('a command that is aborted, or whose session goes, counts nowhere', async () => {
  await withTarget({}, async (target) => {
    const client = await target.login();
    await client.command(LUN, TEST_UNIT_READY);
    target.held.holding = true;
    const dataOut = pattern(8 * BLOCK);
    const aborted = client.start(LUN, blockCdb(WRITE_16, 0, 8), { dataOut });
    await target.held.atLeast(1);
    const aborting = client.manage(TaskFunction.abortTask, LUN, aborted);
    await client.ping(pattern(4));
    target.held.open();
    await aborting;
    target.held.holding = true;
    client.start(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK }).result.catch(() => {});
    await target.held.atLeast(1);
    client.connection.destroy();
    while (target.portal.sessions().length > 0) await turn();
    target.held.open();
    const again = await target.login();
    await again.command(LUN, TEST_UNIT_READY);
    await again.logout();
    await turn();
    assert.deepEqual(latencyCounts(target.stages), {
      'direct other': { received: 2, queued: 2, answered: 2, total: 2 },
    });
  });
});

/** A target with a clock of the test's, and a client whose unit attention is gone. */
async function withClock(body: (target: TestTarget, clock: ManualClock) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  clock.pass(1000);
  await withTarget({ env: { ...nodeEnv(), clock } }, (target) => body(target, clock));
}

test('time in the store is told apart from time behind another command', async () => {
  await withClock(async (target, clock) => {
    const client = await target.login();
    await client.command(LUN, TEST_UNIT_READY);
    target.held.holding = true;
    const write = client.start(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(8 * BLOCK) });
    await target.held.atLeast(1);
    const read = client.start(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK });
    // Its answer says that the read is in the task set.
    await client.ping(pattern(4));
    clock.pass(5);
    target.held.runOne();
    await target.held.atLeast(1);
    await write.result;
    clock.pass(7);
    target.held.open();
    await read.result;
    await client.logout();
    await turn();
    const longest = target.stages.latencies().map(({ kind, stages, total }) => ({
      kind,
      queued: stages.queued?.max,
      stored: stages.stored?.max,
      total: total.max,
    }));
    assert.deepEqual(longest.slice(0, 2), [
      { kind: 'read', queued: 5000, stored: 7000, total: 12_000 },
      { kind: 'write', queued: 0, stored: 5000, total: 5000 },
    ]);
  });
});

test('time that an initiator takes to send its data is time in which it is received', async () => {
  await withClock(async (target, clock) => {
    const client = await target.login({ keys: { InitialR2T: 'Yes', ImmediateData: 'No' } });
    await client.command(LUN, TEST_UNIT_READY);
    const write = client.start(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(8 * BLOCK) });
    const held = mock.method(client.connection, 'send', (..._pdu: SentPdu) => {});
    while (held.mock.callCount() === 0) await turn();
    clock.pass(9);
    held.mock.restore();
    for (const pdu of held.mock.calls) client.connection.send(...pdu.arguments);
    await write.result;
    await client.logout();
    await turn();
    const { stages } = target.stages.latencies().find(({ kind }) => kind === 'write') ?? {};
    assert.deepEqual([stages?.received?.max, stages?.queued?.max, stages?.stored?.max], [9000, 0, 0]);
  });
});

test('a command that is refused has not ended before its data has come', async () => {
  await withClock(async (target, clock) => {
    const client = await target.login({ keys: { InitialR2T: 'No', ImmediateData: 'No' } });
    await client.command(LUN, TEST_UNIT_READY);
    const { connection } = client;
    const kept = mock.method(connection, 'send', (..._pdu: SentPdu) => {});
    const write = client.start(LUN, blockCdb(WRITE_16, 2 ** 31, 8), { dataOut: pattern(8 * BLOCK) });
    kept.mock.restore();
    const [command, ...data] = kept.mock.calls.map((call) => call.arguments);
    assert.ok(command !== undefined && data.length > 0);
    connection.send(...command);
    await client.ping(pattern(4));
    clock.pass(9);
    for (const pdu of data) connection.send(...pdu);
    assert.equal((await write.result).status, 2);
    await client.logout();
    await turn();
    const { stages } = target.stages.latencies().find(({ kind }) => kind === 'write') ?? {};
    assert.deepEqual([stages?.received?.max, stages?.queued?.max, stages?.answered?.max], [9000, 0, 0]);
  });
});

test('an answer takes until the socket has it', async () => {
  await withClock(async (target, clock) => {
    const client = await target.login();
    await client.command(LUN, TEST_UNIT_READY);
    target.held.holding = true;
    const read = client.start(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 8 * BLOCK });
    await target.held.atLeast(1);
    target.held.open();
    // The turn has not ended yet.
    clock.pass(3);
    await read.result;
    await client.logout();
    await turn();
    const [latency] = target.stages.latencies();
    assert.deepEqual([latency?.stages.stored?.max, latency?.stages.answered?.max], [0, 3000]);
  });
});
