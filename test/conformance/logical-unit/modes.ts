import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskManagementFunction, type TaskManagementResponse } from '../../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import { blockCdb, pattern, testNexus, unmapCdb, unmapList } from '../../support/scsi.ts';
import { BLOCK, type Rig, readCdb, TEST_UNIT_READY, type UnitMaker, withRig, writeCdb } from './rig.ts';

/** Caching and control mode pages as MODE SELECT brings them, PS 0. */
const CACHING = 0x08;
const CONTROL = 0x0a;
const D_SENSE = { at: 2, bit: 0x04 };
const SWP = { at: 4, bit: 0x08 };
const TAS = { at: 5, bit: 0x40 };
const WCE = { at: 2, bit: 0x04 };
type Bit = typeof D_SENSE;

const CURRENT = 0;
const CHANGEABLE = 1;
const DEFAULT = 2;
const SAVED = 3;
const SP = 0x01;

function controlPage(...bits: readonly Bit[]): Uint8Array {
  return withBits(Uint8Array.of(CONTROL, 0x0a, 0x02, ...Array<number>(9).fill(0)), bits);
}

function cachingPage(...bits: readonly Bit[]): Uint8Array {
  return withBits(Uint8Array.of(CACHING, 0x12, ...Array<number>(18).fill(0)), bits);
}

function withBits(page: Uint8Array, bits: readonly Bit[]): Uint8Array {
  for (const { at, bit } of bits) page[at] = (page[at] ?? 0) | bit;
  return page;
}

/** MODE SELECT (6) with these pages. `flags`: beside PF. */
function select(
  rig: Rig,
  pages: readonly Uint8Array[],
  { flags = 0, nexus = rig.nexus }: { readonly flags?: number; readonly nexus?: Nexus } = {},
) {
  const dataOut = Uint8Array.from([0, 0, 0, 0, ...pages.flatMap((page) => [...page])]);
  const cdb = [0x15, 0x10 | flags, 0, 0, dataOut.length, 0];
  return rig.run(cdb, { dataOut, nexus });
}

async function selected(...given: Parameters<typeof select>): Promise<void> {
  const { status, sense } = await select(...given);
  assert.deepEqual([status, sense], [Status.good, null]);
}

async function page(rig: Rig, code: number, control: number): Promise<Uint8Array> {
  const { data } = await rig.good([0x1a, 0x08, (control << 6) | code, 0, 255, 0], { dataIn: 255 });
  return data.subarray(4);
}

async function has(rig: Rig, code: number, control: number, { at, bit }: Bit): Promise<boolean> {
  return (((await page(rig, code, control))[at] ?? 0) & bit) !== 0;
}

/** Every command that would. `expected`: key/asc/ascq. */
async function refusesWrites(rig: Rig, nexus: Nexus, expected: string): Promise<void> {
  const dataOut = pattern(BLOCK, 9);
  for (const operation of [0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e, 0x8b, 0x41, 0x93]) {
    await rig.refused(blockCdb(operation, 0, 1), expected, { dataOut, nexus });
  }
  await rig.refused([0x0a, 0, 0, 0, 1, 0], expected, { dataOut, nexus });
  await rig.refused(blockCdb(0x89, 0, 0).with(13, 1), expected, { dataOut: pattern(2 * BLOCK), nexus });
  await rig.refused(blockCdb(0x93, 0, 8, 0x09), expected, { nexus });
  await rig.refused(blockCdb(0x41, 0, 1, 0x08), expected, { nexus });
  const list = unmapList([{ lba: 0, blocks: 8 }]);
  await rig.refused(unmapCdb(list.length), expected, { dataOut: list, nexus });
}

/** The same in both headers. */
async function deviceSpecificParameter(rig: Rig): Promise<number> {
  const six = (await rig.good([0x1a, 0x08, 0x3f, 0, 255, 0], { dataIn: 255 })).data;
  const ten = (await rig.good([0x5a, 0x08, 0x3f, 0, 0, 0, 0, 0, 255, 0], { dataIn: 255 })).data;
  assert.equal(six[2], ten[3]);
  return six[2] ?? 0;
}

async function manage(rig: Rig, what: TaskManagementFunction): Promise<TaskManagementResponse> {
  return new Promise((resolve) => {
    rig.unit.manage(rig.nexus, what, 0, resolve);
  });
}

export function describeModes(makeUnit: UnitMaker): void {
  describe('mode pages', () => {
    test('pages that can be saved say so, and what can be changed', () =>
      withRig(makeUnit, async (rig) => {
        for (const control of [CURRENT, CHANGEABLE, DEFAULT, SAVED]) {
          assert.equal((await page(rig, CONTROL, control))[0], 0x80 | CONTROL);
        }
        const changeable = await page(rig, CONTROL, CHANGEABLE);
        assert.deepEqual(changeable.subarray(2), controlPage(D_SENSE, SWP, TAS).with(2, 0x04).subarray(2));
        assert.deepEqual(
          (await page(rig, CONTROL, DEFAULT)).subarray(2),
          controlPage().subarray(2),
          'GLTSD, and nothing else',
        );
        assert.equal((await page(rig, 0x01, CURRENT))[0], 0x01, 'nothing in it can be changed');
      }));

    test('MODE SELECT with SP changes current and saved values, without it the current ones alone', () =>
      withRig(makeUnit, async (rig) => {
        await selected(rig, [controlPage(TAS)]);
        const current = await Promise.all([CURRENT, SAVED].map((which) => has(rig, CONTROL, which, TAS)));
        assert.deepEqual(current, [true, false]);
        await selected(rig, [controlPage(TAS, D_SENSE)], { flags: SP });
        for (const which of [CURRENT, SAVED]) {
          assert.ok(await has(rig, CONTROL, which, TAS));
          assert.ok(await has(rig, CONTROL, which, D_SENSE));
        }
        assert.equal(await has(rig, CONTROL, DEFAULT, TAS), false);
      }));

    test('SP saves what was changed before too, even with an empty list', () =>
      withRig(makeUnit, async (rig) => {
        await selected(rig, [controlPage(TAS)]);
        await rig.good([0x15, 0x11, 0, 0, 0, 0]);
        assert.ok(await has(rig, CONTROL, SAVED, TAS));
      }));

    test('what can not be saved is not in force either', () =>
      withRig(makeUnit, async (rig) => {
        rig.modeStore.fault = 'EIO';
        const outcome = await select(rig, [controlPage(TAS)], { flags: SP });
        assert.deepEqual([outcome.sense?.key, outcome.sense?.asc], [3, 0x0c]);
        assert.equal(await has(rig, CONTROL, CURRENT, TAS), false);
        rig.modeStore.fault = null;
        await selected(rig, [controlPage(TAS)], { flags: SP });
        assert.ok(await has(rig, CONTROL, SAVED, TAS));
      }));

    test('a reset brings back the saved values', () =>
      withRig(makeUnit, async (rig) => {
        await selected(rig, [controlPage(D_SENSE)], { flags: SP });
        await selected(rig, [controlPage(TAS)]);
        assert.equal(rig.unit.descriptorSense, false);
        assert.equal(await manage(rig, TaskManagementFunction.logicalUnitReset), 'complete');
        await rig.refused(TEST_UNIT_READY, '06/29/03');
        assert.ok(await has(rig, CONTROL, CURRENT, D_SENSE));
        assert.equal(await has(rig, CONTROL, CURRENT, TAS), false);
        assert.equal(rig.unit.descriptorSense, true);
      }));

    test('the other nexuses are told of a change, and of none that changes nothing', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        await selected(rig, [controlPage()]);
        await rig.good(TEST_UNIT_READY, { nexus: other });
        await selected(rig, [controlPage(TAS)]);
        await rig.good(TEST_UNIT_READY);
        await rig.refused(TEST_UNIT_READY, '06/2a/01', { nexus: other });
        await rig.good(TEST_UNIT_READY, { nexus: other });
      }));

    test('a list with anything wrong in it changes nothing', () =>
      withRig(makeUnit, async (rig) => {
        const wrong: readonly Uint8Array[] = [
          controlPage({ at: 3, bit: 0x10 }),
          controlPage({ at: 2, bit: 0x01 }),
          Uint8Array.of(0x0b, 0x02, 0, 0),
          Uint8Array.of(CONTROL | 0x40, 0x01, 0, 2, 0, 0),
          controlPage().subarray(0, 8).with(1, 6),
        ];
        for (const bad of wrong) {
          for (const pages of [
            [controlPage(TAS), bad],
            [bad, controlPage(TAS)],
          ]) {
            const { sense } = await select(rig, pages);
            assert.deepEqual([sense?.key, sense?.asc, sense?.ascq], [5, 0x26, 0]);
          }
        }
        const { sense } = await select(rig, [controlPage(TAS), controlPage().subarray(0, 8)]);
        assert.deepEqual([sense?.key, sense?.asc], [5, 0x1a]);
        assert.equal(await has(rig, CONTROL, CURRENT, TAS), false);
      }));

    test('MODE SELECT (10) sets what MODE SELECT (6) does, and its last page counts', () =>
      withRig(makeUnit, async (rig) => {
        const pages = [...controlPage(SWP), ...controlPage(TAS)];
        const dataOut = Uint8Array.from([...Array<number>(8).fill(0), ...pages]);
        await rig.good([0x55, 0x11, 0, 0, 0, 0, 0, 0, dataOut.length, 0], { dataOut });
        assert.ok(await has(rig, CONTROL, SAVED, TAS));
        assert.equal(await has(rig, CONTROL, CURRENT, SWP), false);
      }));
  });

  describe('write cache', () => {
    test('a unit that has a cache gives it up, saved too: writes are durable from then on', () =>
      withRig(
        makeUnit,
        async (rig) => {
          assert.ok(await has(rig, CACHING, CURRENT, WCE));
          assert.ok(await has(rig, CACHING, CHANGEABLE, WCE));
          await rig.write(0, pattern(BLOCK));
          assert.deepEqual(rig.cache.calls, ['write']);
          await selected(rig, [cachingPage()], { flags: SP });
          await rig.write(0, pattern(BLOCK));
          assert.deepEqual(rig.cache.calls.slice(1), ['flush', 'durable write']);
          await selected(rig, [cachingPage(WCE)]);
          assert.equal(await manage(rig, TaskManagementFunction.logicalUnitReset), 'complete');
          assert.deepEqual(rig.cache.calls.slice(3), ['flush'], 'before the reset is answered');
          await rig.refused(TEST_UNIT_READY, '06/29/03');
          await rig.write(0, pattern(BLOCK));
          assert.deepEqual(rig.cache.calls.slice(4), ['durable write']);
        },
        { writeCache: true },
      ));

    test('a unit without a cache can not be given one', () =>
      withRig(makeUnit, async (rig) => {
        assert.equal(await has(rig, CACHING, CURRENT, WCE), false);
        assert.equal(await has(rig, CACHING, CHANGEABLE, WCE), false);
        assert.equal((await select(rig, [cachingPage(WCE)])).sense?.asc, 0x26);
      }));
  });

  describe('write protection', () => {
    test('a read-only unit refuses what changes the medium, and MODE SELECT does not change that', () =>
      withRig(
        makeUnit,
        async (rig) => {
          await refusesWrites(rig, rig.nexus, '07/27/00');
          for (const bits of [[SWP], []]) {
            await selected(rig, [controlPage(...bits)], { flags: SP });
            await refusesWrites(rig, rig.nexus, '07/27/00');
            assert.equal(await deviceSpecificParameter(rig), 0x90, 'WP and DPOFUA');
          }
          assert.ok((await rig.read(0, 8)).every((byte) => byte === 0));
          await rig.good(blockCdb(0x35, 0, 0));
          await rig.good([0x1b, 0, 0, 0, 0, 0]);
          assert.deepEqual(
            rig.cache.calls.filter((call) => call !== 'flush'),
            [],
          );
        },
        { readOnly: true },
      ));
    test('SWP refuses it too, by every nexus, until it is taken back', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        await rig.write(0, pattern(8 * BLOCK));
        await selected(rig, [controlPage(SWP)]);
        await rig.refused(TEST_UNIT_READY, '06/2a/01', { nexus: other });
        for (const nexus of [rig.nexus, other]) await refusesWrites(rig, nexus, '07/27/02');
        assert.deepEqual(await rig.read(0, 8), pattern(8 * BLOCK));
        await rig.good(blockCdb(0x2f, 0, 8));
        await rig.good(blockCdb(0x35, 0, 8));
        assert.equal(await deviceSpecificParameter(rig), 0x90, 'WP and DPOFUA');
        await selected(rig, [controlPage()], { nexus: other });
        await rig.refused(TEST_UNIT_READY, '06/2a/01');
        await rig.write(0, pattern(BLOCK, 9));
        assert.deepEqual(await rig.read(0, 1), pattern(BLOCK, 9));
      }));

    test('what was cached is durable before it is in force, and writes that came before still run', () =>
      withRig(
        makeUnit,
        async (rig) => {
          rig.held.holding = true;
          const write = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK) });
          await rig.held.atLeast(1);
          const changing = select(rig, [controlPage(SWP)]);
          const late = rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, 2) });
          rig.held.open();
          assert.equal((await write.ended).status, Status.good);
          assert.equal((await changing).status, Status.good);
          assert.equal((await late.ended).sense?.asc, 0x27);
          assert.deepEqual(rig.cache.calls, ['write', 'flush']);
        },
        { writeCache: true },
      ));
  });

  describe('task aborted status', () => {
    test('ends what another nexus aborts, in place of a unit attention', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        await selected(rig, [controlPage(TAS)]);
        await rig.refused(TEST_UNIT_READY, '06/2a/01', { nexus: other });
        for (const what of [TaskManagementFunction.clearTaskSet, TaskManagementFunction.logicalUnitReset]) {
          rig.held.holding = true;
          const mine = rig.start(readCdb(0, 1), { dataIn: BLOCK });
          const theirs = [
            rig.start(readCdb(0, 1), { dataIn: BLOCK, nexus: other }),
            rig.start(writeCdb(8, 1), { dataOut: pattern(BLOCK), nexus: other }),
            rig.start(writeCdb(8, 1), { dataOut: pattern(BLOCK), nexus: other }),
          ];
          await rig.held.atLeast(3);
          const answer = manage(rig, what);
          // Behind it on the way to the unit.
          await rig.run(TEST_UNIT_READY);
          rig.held.open();
          assert.equal(await answer, 'complete');
          assert.equal((await mine.ended).how, 'aborted');
          for (const command of theirs) {
            const { how, status, sense } = await command.ended;
            assert.deepEqual([how, status, sense], ['status', Status.taskAborted, null]);
          }
          if (what === TaskManagementFunction.clearTaskSet) await rig.good(TEST_UNIT_READY, { nexus: other });
        }
        await rig.refused(TEST_UNIT_READY, '06/29/03', { nexus: other });
      }));

    test('is not sent for what a nexus aborts itself meanwhile, nor to one that is lost', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        const lost = testNexus('iqn.2026-11.test:lost');
        await rig.run(TEST_UNIT_READY, { nexus: lost });
        await selected(rig, [controlPage(TAS)]);
        for (const nexus of [other, lost]) await rig.run(TEST_UNIT_READY, { nexus });
        rig.held.holding = true;
        const commands = [other, lost].map((nexus) => rig.start(readCdb(0, 1), { dataIn: BLOCK, nexus }));
        await rig.held.atLeast(2);
        const cleared = manage(rig, TaskManagementFunction.clearTaskSet);
        await rig.good(TEST_UNIT_READY);
        const aborted = new Promise<TaskManagementResponse>((resolve) => {
          rig.unit.manage(other, TaskManagementFunction.abortTaskSet, 0, resolve);
        });
        rig.unit.nexusLost(lost, 'logout');
        // Behind both on the way to the unit.
        for (const nexus of [other, rig.nexus]) await rig.good(TEST_UNIT_READY, { nexus });
        rig.held.open();
        assert.deepEqual(await Promise.all([cleared, aborted]), ['complete', 'complete']);
        for (const command of commands) assert.equal((await command.ended).how, 'aborted');
      }));
  });
}
