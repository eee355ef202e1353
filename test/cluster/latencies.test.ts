import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { IscsiInitiator } from '../../client/iscsi-initiator.ts';
import { nodeEnv } from '../../src/env/node/node-env.ts';
import { Portal } from '../../src/iscsi/portal/portal.ts';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import { Router } from '../../src/scsi/router/router.ts';
import { opcodeOf } from '../../src/wire/iscsi/bhs.ts';
import { Opcode } from '../../src/wire/iscsi/opcode.ts';
import { openAccess, turn } from '../iscsi/support/test-target.ts';
import { HeldStore } from '../support/held-store.ts';
import { latencyCounts } from '../support/latencies.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { blockCdb, pattern, silentLog, testOrder, testPort } from '../support/scsi.ts';
import { type TestSystem, type Transport, TwoSystems } from './support/two-systems.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const LUN = 1;
const BLOCKS = 200;
const BYTES = BLOCKS * 512;
const HOST = '127.0.0.1';

type SentPdu = Parameters<IscsiInitiator['connection']['send']>;
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });

interface Proxy {
  readonly systems: TwoSystems;
  readonly held: HeldStore;
  readonly clock: ManualClock;
  login(keys?: Record<string, string>): Promise<IscsiInitiator>;
}

/** A client → beta's portal → a link → alpha, which owns the unit; time passes when the test says so. */
async function withProxy(transport: Transport, body: (proxy: Proxy) => Promise<void>): Promise<void> {
  const clock = new ManualClock();
  let held: HeldStore | null = null;
  const wrap = (store: HeldStore['store']) => {
    held = new HeldStore(store);
    held.holding = false;
    return held.store;
  };
  const systems = await TwoSystems.start({ transport, clock, wrap });
  assert.ok(held !== null);
  const its: HeldStore = held;
  const portal = portalOf(systems, clock);
  await portal.listen();
  const { address } = portal;
  assert.ok(address.transport === 'tcp');
  const where = { host: HOST, port: address.port, targetName: port.targetName };
  const login = (keys = {}) =>
    IscsiInitiator.connect({ ...where, initiatorName: 'iqn.2026-11.test:one', keys });
  try {
    await body({ systems, held: its, clock, login });
  } finally {
    its.open();
    await portal.close();
    await systems.stop();
  }
}

function portalOf({ beta, proxied }: TwoSystems, clock: ManualClock): Portal {
  const { pool, stages } = beta;
  const router = new Router({
    units: [{ lun: LUN, unit: proxied }],
    initiators: [],
    accessStates: { groups: () => [], ports: () => [port] },
    pool,
    clock,
    order: testOrder,
  });
  return new Portal(
    { ...nodeEnv(), clock },
    {
      address: { transport: 'tcp', host: HOST, port: 0 },
      ports: [port],
      router,
      pool,
      log: silentLog,
      stages,
      receiveBuffer: new Uint8Array(65536),
      access: openAccess,
      discovery: () => [],
    },
  );
}

/** By path and kind: the longest of each stage, in milliseconds. */
function longest({ stages }: TestSystem, path: string, kind: string): Record<string, number> {
  const found = stages.latencies().find((latency) => latency.path === path && latency.kind === kind);
  assert.ok(found !== undefined, `no ${path} ${kind}`);
  const all = { ...found.stages, total: found.total };
  return Object.fromEntries(Object.entries(all).map(([name, { max }]) => [name, max / 1000]));
}

for (const transport of ['unix', 'fcip'] as const) {
  for (const [name, keys] of Object.entries({
    'immediate and unsolicited data': { InitialR2T: 'No', ImmediateData: 'Yes', FirstBurstLength: '65536' },
    'R2T alone': { InitialR2T: 'Yes', ImmediateData: 'No', MaxBurstLength: '32768' },
  })) {
    test(`a forwarded command counts once in each of its stages at both systems: ${transport}, ${name}`, async () => {
      await withProxy(transport, async ({ systems, login }) => {
        const client = await login(keys);
        await client.command(LUN, TEST_UNIT_READY);
        await client.command(LUN, TEST_UNIT_READY);
        for (let time = 0; time < 3; time++) {
          const cdb = blockCdb(WRITE_16, 0, BLOCKS);
          await client.command(LUN, cdb, { dataOut: pattern(BYTES, time) });
        }
        for (let time = 0; time < 2; time++) {
          const read = await client.command(LUN, blockCdb(READ_16, 0, BLOCKS), { dataInLength: BYTES });
          assert.equal(read.status, 0);
        }
        await client.logout();
        await turn();
        const proxied = { received: 1, queued: 1, forwarded: 1, answered: 1, total: 1 };
        const served = { received: 1, queued: 1, stored: 1, answered: 1, total: 1 };
        assert.deepEqual(latencyCounts(systems.beta.stages), {
          'proxied read': times(proxied, 2),
          'proxied write': times(proxied, 3),
          'proxied other': times(proxied, 2),
        });
        assert.deepEqual(latencyCounts(systems.alpha.stages), {
          'served read': times(served, 2),
          'served write': times(served, 3),
          'served other': times({ received: 1, queued: 1, answered: 1, total: 1 }, 2),
        });
      });
    });
  }
}

function times(each: Record<string, number>, factor: number): Record<string, number> {
  return Object.fromEntries(Object.entries(each).map(([name, count]) => [name, count * factor]));
}

for (const transport of ['unix', 'fcip'] as const) {
  test(`the owner's time in its store is the proxy's time on the link: ${transport}`, async () => {
    await withProxy(transport, async ({ systems, held, clock, login }) => {
      const client = await login();
      await client.command(LUN, TEST_UNIT_READY);
      clock.pass(1);
      held.holding = true;
      const read = client.start(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 4096 });
      await held.atLeast(1);
      clock.pass(5);
      held.open();
      assert.equal((await read.result).status, 0);
      await client.logout();
      await turn();
      const at = { received: 0, queued: 0, answered: 0, total: 5 };
      assert.deepEqual(longest(systems.beta, 'proxied', 'read'), { ...at, forwarded: 5 });
      assert.deepEqual(longest(systems.alpha, 'served', 'read'), { ...at, stored: 5 });
    });
  });
}

for (const [name, keys, owner] of [
  // The command goes with its first data, so that the owner does not know it before.
  ['unasked', { InitialR2T: 'No', ImmediateData: 'No' }, 0],
  ['by R2T', { InitialR2T: 'Yes', ImmediateData: 'No' }, 9],
] as const) {
  test(`what an initiator takes to send its data is not the link's time: ${name}`, async () => {
    await withProxy('unix', async ({ systems, clock, login }) => {
      const client = await login(keys);
      await client.command(LUN, TEST_UNIT_READY);
      const { connection } = client;
      const send = connection.send.bind(connection);
      const isData = (header: Uint8Array) => opcodeOf(header) === Opcode.dataOut;
      const kept = mock.method(connection, 'send', (...pdu: SentPdu) => {
        if (!isData(pdu[0])) send(...pdu);
      });
      const write = client.start(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(4096) });
      const late = () => kept.mock.calls.map((call) => call.arguments).filter(([pdu]) => isData(pdu));
      while (late().length === 0) await turn();
      kept.mock.restore();
      await client.ping(pattern(4));
      clock.pass(9);
      for (const pdu of late()) send(...pdu);
      assert.equal((await write.result).status, 0);
      await client.logout();
      await turn();
      const proxied = { received: 9, queued: 0, forwarded: 0, answered: 0, total: 9 };
      assert.deepEqual(longest(systems.beta, 'proxied', 'write'), proxied);
      const served = { received: owner, queued: 0, stored: 0, answered: 0, total: owner };
      assert.deepEqual(longest(systems.alpha, 'served', 'write'), served);
    });
  });
}

test('a command that is aborted, or whose link goes, counts nowhere', async () => {
  await withProxy('unix', async ({ systems, held, login }) => {
    const client = await login();
    await client.command(LUN, TEST_UNIT_READY);
    held.holding = true;
    const aborted = client.start(LUN, blockCdb(READ_16, 0, 8), { dataInLength: 4096 });
    await held.atLeast(1);
    const aborting = client.manage(TaskManagementFunction.abortTask, LUN, aborted);
    await client.ping(pattern(4));
    held.open();
    await aborting;
    held.holding = true;
    const lost = client.start(LUN, blockCdb(WRITE_16, 0, 8), { dataOut: pattern(4096) });
    await held.atLeast(1);
    await systems.cutLink();
    await assert.rejects(lost.result);
    held.open();
    await turn();
    assert.deepEqual(Object.keys(latencyCounts(systems.beta.stages)), ['proxied other']);
    assert.deepEqual(Object.keys(latencyCounts(systems.alpha.stages)), ['served other']);
  });
});
