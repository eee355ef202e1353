import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commands } from '../../../src/scsi/command-table.ts';
import { u16, u32, u64 } from '../../../src/wire/scsi/bytes.ts';
import { blockCdb } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, TEST_UNIT_READY, type UnitMaker, withRig } from './rig.ts';

export function describeUnitData(makeUnit: UnitMaker): void {
  describe('what the unit says of itself', () => {
    test('READ CAPACITY (10) and (16)', () =>
      withRig(makeUnit, async (rig) => {
        const ten = await rig.good([0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0], { dataIn: 8 });
        assert.deepEqual([u32(ten.data, 0), u32(ten.data, 4)], [BLOCKS - 1, BLOCK]);
        const sixteen = await rig.good(blockCdb(0x9e, 0, 32, 0x10), { dataIn: 32 });
        assert.deepEqual([u64(sixteen.data, 0), u32(sixteen.data, 8)], [BLOCKS - 1, BLOCK]);
        assert.equal((sixteen.data[14] ?? 0) & 0xc0, 0xc0, 'LBPME and LBPRZ');
        const cut = await rig.good(blockCdb(0x9e, 0, 12, 0x10), { dataIn: 32 });
        assert.equal(cut.data.length, 12);
      }));

    test('MODE SENSE (6) and (10) give all pages, and each alone', () =>
      withRig(
        makeUnit,
        async (rig) => {
          const all = (await rig.good([0x1a, 0x08, 0x3f, 0, 255, 0], { dataIn: 255 })).data;
          assert.equal(all[0], all.length - 1);
          assert.equal(all[2], 0x10, 'DPOFUA, not write protected');
          const found: number[] = [];
          for (let at = 4; at < all.length; at += 2 + (all[at + 1] ?? 0)) {
            const page = all.subarray(at, at + 2 + (all[at + 1] ?? 0));
            found.push(page[0] ?? 0);
            const alone = await rig.good([0x5a, 0x08, (page[0] ?? 0) & 0x3f, 0, 0, 0, 0, 0, 255, 0], {
              dataIn: 255,
            });
            assert.deepEqual(alone.data.subarray(8), page);
          }
          assert.deepEqual(found, [0x01, 0x88, 0x8a, 0x1c], 'two of them can be saved');
        },
        { writeCache: true },
      ));

    test('MODE SENSE gives the block descriptor, long with LLBAA', () =>
      withRig(makeUnit, async (rig) => {
        const short = (await rig.good([0x1a, 0, 0x0a, 0, 255, 0], { dataIn: 255 })).data;
        assert.deepEqual([short[3], u32(short, 4), u16(short, 10)], [8, BLOCKS, BLOCK]);
        const long = (await rig.good([0x5a, 0x10, 0x0a, 0, 0, 0, 0, 0, 255, 0], { dataIn: 255 })).data;
        assert.deepEqual([u16(long, 6), u64(long, 8), u32(long, 20)], [16, BLOCKS, BLOCK]);
      }));

    test('MODE SENSE of unknown pages or subpages is refused', () =>
      withRig(makeUnit, async (rig) => {
        await rig.refused([0x1a, 0, 0x05, 0, 255, 0], '05/24/00', { dataIn: 255 });
        await rig.refused([0x1a, 0, 0x0a, 1, 255, 0], '05/24/00', { dataIn: 255 });
      }));

    test('MODE SELECT takes back what MODE SENSE gave', () =>
      withRig(makeUnit, async (rig) => {
        const sensed = (await rig.good([0x1a, 0, 0x3f, 0, 255, 0], { dataIn: 255 })).data.slice();
        sensed[0] = 0;
        await rig.good([0x15, 0x10, 0, 0, sensed.length, 0], { dataOut: sensed });
      }));

    test('REPORT SUPPORTED OPERATION CODES lists the command table', () =>
      withRig(makeUnit, async (rig) => {
        const { data } = await rig.good([0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0], { dataIn: 16384 });
        assert.equal(u32(data, 0), commands.length * 8);
        assert.equal(data.length, 4 + commands.length * 8);
        const timed = await rig.good([0xa3, 0x0c, 0x80, 0, 0, 0, 0, 0, 0x40, 0, 0, 0], { dataIn: 16384 });
        assert.equal(timed.data.length, 4 + commands.length * 20);
      }));

    test('REPORT SUPPORTED OPERATION CODES tells of one command', () =>
      withRig(makeUnit, async (rig) => {
        const ask = (option: number, code: number, action = 0) =>
          [0xa3, 0x0c, option, code, action >> 8, action, 0, 0, 1, 0, 0, 0] as const;
        const write = await rig.good(ask(1, 0x2a), { dataIn: 256 });
        assert.deepEqual([write.data[1], u16(write.data, 2), write.data[4]], [3, 10, 0x2a]);
        const status = await rig.good(ask(2, 0x9e, 0x12), { dataIn: 256 });
        assert.deepEqual([status.data[1], u16(status.data, 2), status.data[5]], [3, 16, 0x12]);
        assert.equal((await rig.good(ask(3, 0x2a), { dataIn: 256 })).data[1], 3);
        for (const question of [ask(1, 0xc0), ask(2, 0x9e, 0x1f), ask(3, 0xa3, 0x01)]) {
          assert.equal((await rig.good(question, { dataIn: 256 })).data[1], 1);
        }
        for (const question of [ask(1, 0x9e), ask(2, 0x2a), ask(5, 0x2a)]) {
          const { sense } = await rig.refused(question, '05/24/00', { dataIn: 256 });
          assert.equal(sense?.specific, 0xca_0002, 'REPORTING OPTIONS');
        }
      }));

    test('what docs/decisions/0009 refuses is refused, and said to be not supported', () =>
      withRig(makeUnit, async (rig) => {
        const [sanitize, writeAtomic, maintenanceOut, setTargetPortGroups] = [0x48, 0x9c, 0xa4, 0x0a];
        const support = async (operation: number, action = 0) => {
          const ask = [0xa3, 0x0c, 3, operation, 0, action, 0, 0, 1, 0, 0, 0];
          return (await rig.good(ask, { dataIn: 256 })).data[1];
        };
        await rig.refused([sanitize, 0x01, 0, 0, 0, 0, 0, 0, 0, 0], '05/20/00');
        await rig.refused(blockCdb(writeAtomic, 0, 1), '05/20/00', { dataOut: new Uint8Array(BLOCK) });
        for (const operation of [sanitize, writeAtomic]) assert.equal(await support(operation), 1);
        const cdb = [maintenanceOut, setTargetPortGroups, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0];
        const { sense } = await rig.refused(cdb, '05/24/00', { dataOut: new Uint8Array(8) });
        assert.equal(sense?.specific, 0xcc_0001, 'the service action');
        assert.equal(await support(maintenanceOut, setTargetPortGroups), 1);
      }));

    test('REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS', () =>
      withRig(makeUnit, async (rig) => {
        const short = await rig.good([0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0], { dataIn: 16 });
        assert.deepEqual(short.data, Uint8Array.of(0xd8, 0, 0, 0));
        const long = await rig.good([0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0, 16, 0, 0], { dataIn: 16 });
        assert.equal(long.data.length, 16);
      }));

    test('empty defect lists, TEST UNIT READY, START STOP UNIT, PRE-FETCH', () =>
      withRig(makeUnit, async (rig) => {
        const ten = await rig.good([0x37, 0, 0x18, 0, 0, 0, 0, 0, 8, 0], { dataIn: 8 });
        assert.deepEqual(ten.data, Uint8Array.of(0, 0x18, 0, 0));
        const twelve = await rig.good([0xb7, 0x18, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0], { dataIn: 8 });
        assert.deepEqual(twelve.data, Uint8Array.of(0, 0x18, 0, 0, 0, 0, 0, 0));
        await rig.good(TEST_UNIT_READY);
        await rig.good([0x1b, 0, 0, 0, 0, 0]);
        await rig.good([0x1b, 0, 0, 0, 1, 0]);
        await rig.refused([0x1b, 0, 0, 0, 2, 0], '05/24/00');
        await rig.good(blockCdb(0x34, 0, 16));
        await rig.refused(blockCdb(0x90, BLOCKS, 1), '05/21/00');
      }));
  });
}
