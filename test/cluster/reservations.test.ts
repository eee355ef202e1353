import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LogicalUnit } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import type { BlockStore } from '../../src/stores/block-store.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { HeldStore } from '../support/held-store.ts';
import { pattern, testNexus, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';
import { TwoSystems } from './support/two-systems.ts';

const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];
const RESERVE = [0x16, 0, 0, 0, 0, 0];
const WRITE = [0x2a, 0, 0, 0, 0, 0, 0, 0, 1, 0];
const WRITE_EXCLUSIVE = 1;

/** One way to the unit: where commands go in, and the nexus that they come by. */
interface Way {
  readonly unit: LogicalUnit;
  readonly nexus: Nexus;
}

async function run({ unit, nexus }: Way, cdb: readonly number[], dataOut?: Uint8Array) {
  const command = new TestCommand(dataOut === undefined ? { nexus, cdb } : { nexus, cdb, dataOut });
  return command.run(unit);
}

async function status(way: Way, cdb: readonly number[], dataOut?: Uint8Array): Promise<number> {
  return (await run(way, cdb, dataOut)).status;
}

function reserveOut(way: Way, action: number, key: number, newKey: number, type = 0): Promise<number> {
  return status(way, [0x5f, action, type, 0, 0, 0, 0, 0, 24, 0], reserveList(key, newKey));
}

function reserveList(key: number, newKey: number): Uint8Array {
  const list = new Uint8Array(24);
  [list[7], list[15]] = [key, newKey];
  return list;
}

/** READ RESERVATION: whether there is one. */
async function isReserved({ unit, nexus }: Way): Promise<boolean> {
  const cdb = [0x5e, 1, 0, 0, 0, 0, 0, 0, 24, 0];
  const { data } = await new TestCommand({ nexus, cdb, dataIn: 24 }).run(unit);
  return data[7] !== 0;
}

/** Reports what unit attentions wait, as 'asc/ascq'. */
async function attentions(way: Way): Promise<string[]> {
  const told: string[] = [];
  for (;;) {
    const { sense } = await run(way, TEST_UNIT_READY);
    if (sense === null) return told;
    told.push(`${sense.asc.toString(16)}/${sense.ascq.toString(16)}`);
  }
}

async function ways(systems: TwoSystems): Promise<{ direct: Way; proxied: Way }> {
  const port = testPort({ name: 'beta-all', system: 'beta', relativeId: 2, groupId: 2 });
  const direct = { unit: systems.local, nexus: testNexus('iqn.2026-11.test:direct') };
  const proxied = { unit: systems.proxied, nexus: testNexus('iqn.2026-11.test:proxied', port) };
  for (const way of [direct, proxied]) await attentions(way);
  return { direct, proxied };
}

describe('reservations of two systems’ hosts', () => {
  test('a host at the owner fences one that comes through the other system, and that is told', async () => {
    const systems = await TwoSystems.start({ transport: 'unix' });
    const { direct, proxied } = await ways(systems);
    assert.equal(await reserveOut(direct, 0, 0, 1), Status.good);
    assert.equal(await reserveOut(proxied, 0, 0, 2), Status.good);
    assert.equal(await reserveOut(proxied, 1, 2, 0, WRITE_EXCLUSIVE), Status.good);
    assert.equal(await status(direct, WRITE, pattern(512)), Status.reservationConflict);
    assert.equal(await reserveOut(direct, 5, 1, 2, WRITE_EXCLUSIVE), Status.good);
    assert.equal(await status(proxied, WRITE, pattern(512)), Status.reservationConflict);
    assert.deepEqual(await attentions(proxied), ['2a/5']);
    assert.equal(await status(direct, WRITE, pattern(512)), Status.good);
    await systems.stop();
  });

  test('a link that dies releases what RESERVE had, and no persistent reservation', async () => {
    const systems = await TwoSystems.start({ transport: 'unix' });
    const { direct, proxied } = await ways(systems);
    assert.equal(await status(proxied, RESERVE), Status.good);
    assert.equal(await status(direct, TEST_UNIT_READY), Status.reservationConflict);
    const back = systems.linkUp();
    await systems.cutLink();
    await attentions(direct);
    assert.equal(await status(direct, RESERVE), Status.good);
    assert.equal(await status(direct, [0x17, 0, 0, 0, 0, 0]), Status.good);
    await back;
    await attentions(proxied);
    assert.equal(await reserveOut(proxied, 0, 0, 2), Status.good);
    assert.equal(await reserveOut(proxied, 1, 2, 0, WRITE_EXCLUSIVE), Status.good);
    const backAgain = systems.linkUp();
    await systems.cutLink();
    await attentions(direct);
    assert.equal(await status(direct, WRITE, pattern(512)), Status.reservationConflict);
    await backAgain;
    await attentions(proxied);
    assert.equal(await status(proxied, WRITE, pattern(512)), Status.good);
    await systems.stop();
  });

  test('a request that a link took with it, after it took effect, is not called one that did not run', async () => {
    let held: HeldStore | null = null;
    const wrap = (store: BlockStore): BlockStore => {
      held = new HeldStore(store);
      held.holding = false;
      return held.store;
    };
    const systems = await TwoSystems.start({ transport: 'unix', wrap });
    const { direct, proxied } = await ways(systems);
    assert.equal(await reserveOut(proxied, 0, 0, 2), Status.good);
    const store = held as HeldStore | null;
    assert.ok(store !== null);
    store.holding = true;
    const write = new TestCommand({ nexus: direct.nexus, cdb: WRITE, dataOut: pattern(512) });
    write.start(direct.unit);
    await store.atLeast(1);
    // It is in force, and its answer waits for the write that it forbids.
    const reserve = new TestCommand({
      nexus: proxied.nexus,
      cdb: [0x5f, 1, WRITE_EXCLUSIVE, 0, 0, 0, 0, 0, 24, 0],
      dataOut: reserveList(2, 0),
    });
    reserve.start(proxied.unit);
    while (!(await isReserved(direct))) await run(proxied, TEST_UNIT_READY);
    await systems.cutLink();
    assert.equal(reserve.outcome?.how, 'unknown');
    store.open();
    await systems.stop();
  });
});
