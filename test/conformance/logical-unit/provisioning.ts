import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u32, u64 } from '../../../src/wire/scsi/bytes.ts';
import { blockCdb, pattern, unmapCdb, unmapList } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, type UnitMaker, withRig } from './rig.ts';

const ZERO = new Uint8Array(BLOCK);

export function describeProvisioning(makeUnit: UnitMaker): void {
  describe('UNMAP and WRITE SAME', () => {
    test('unmapped blocks read as zeroes, their neighbours stay', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(300 * BLOCK);
        await rig.write(0, data);
        const list = unmapList([
          { lba: 1, blocks: 2 },
          { lba: 10, blocks: 0 },
          { lba: 100, blocks: 150 },
        ]);
        await rig.good(unmapCdb(list.length), { dataOut: list });
        const expected = data.slice();
        expected.fill(0, BLOCK, 3 * BLOCK).fill(0, 100 * BLOCK, 250 * BLOCK);
        assert.deepEqual(await rig.read(0, 300), expected);
      }));

    test('UNMAP of nothing is good', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good(unmapCdb(0));
        await rig.good(unmapCdb(8), { dataOut: unmapList([]) });
        const list = unmapList([{ lba: BLOCKS, blocks: 0 }]);
        await rig.good(unmapCdb(list.length), { dataOut: list });
      }));

    test('WRITE SAME fills the range with its block', () =>
      withRig(makeUnit, async (rig) => {
        for (const [index, operation] of [0x41, 0x93].entries()) {
          const block = pattern(BLOCK, index + 5);
          await rig.good(blockCdb(operation, 2, 1000), { dataOut: block });
          const found = await rig.read(0, 1003);
          for (let at = 2; at < 1002; at += 1) {
            assert.deepEqual(found.subarray(at * BLOCK, (at + 1) * BLOCK), block);
          }
          assert.deepEqual(found.subarray(1002 * BLOCK), ZERO);
        }
      }));

    test('WRITE SAME with zeroes, with UNMAP, and with NDOB leaves zeroes', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x41, 0x93]) {
          for (const byte1 of [0x00, 0x08]) {
            await rig.write(0, pattern(8 * BLOCK));
            await rig.good(blockCdb(operation, 1, 6, byte1), { dataOut: ZERO });
            assert.ok((await rig.read(1, 6)).every((byte) => byte === 0));
          }
        }
        await rig.write(0, pattern(8 * BLOCK));
        for (const byte1 of [0x01, 0x09]) await rig.good(blockCdb(0x93, 0, 8, byte1));
        assert.ok((await rig.read(0, 8)).every((byte) => byte === 0));
      }));

    test('WRITE SAME with UNMAP of a block that is not zero writes that block', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good(blockCdb(0x93, 0, 4, 0x08), { dataOut: pattern(BLOCK) });
        assert.deepEqual((await rig.read(0, 4)).subarray(3 * BLOCK), pattern(BLOCK));
      }));

    test('WRITE SAME is refused with no block, half a block, two blocks, no range, ANCHOR, or NDOB with data', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x41, 0x93]) {
          for (const length of [0, BLOCK / 2, 2 * BLOCK]) {
            await rig.refused(blockCdb(operation, 0, 1), '05/24/00', { dataOut: new Uint8Array(length) });
          }
          await rig.refused(blockCdb(operation, 0, 0), '05/24/00', { dataOut: ZERO });
          await rig.refused(blockCdb(operation, 0, 1, 0x10), '05/24/00', { dataOut: ZERO });
          await rig.refused(blockCdb(operation, 0, 1, 0x18), '05/24/00', { dataOut: ZERO });
          await rig.refused(blockCdb(operation, BLOCKS, 1), '05/21/00', { dataOut: ZERO });
        }
        await rig.refused(blockCdb(0x41, 0, 1, 0x01), '05/24/00');
        await rig.refused(blockCdb(0x93, 0, 1, 0x01), '05/24/00', { dataOut: ZERO });
      }));

    test('GET LBA STATUS tells mapped runs from unmapped ones', () =>
      withRig(makeUnit, async (rig) => {
        await rig.write(1024, pattern(128 * BLOCK));
        const outcome = await rig.good(lbaStatus(1000, 8 + 3 * 16), { dataIn: 8 + 3 * 16 });
        const runs: [number, number, number][] = [];
        for (let at = 8; at < outcome.data.length; at += 16) {
          runs.push([u64(outcome.data, at), u32(outcome.data, at + 8), outcome.data[at + 12] ?? -1]);
        }
        assert.deepEqual(runs, [
          [1000, 24, 1],
          [1024, 128, 0],
          [1152, BLOCKS - 1152, 1],
        ]);
        assert.equal((await rig.good(lbaStatus(0, 4), { dataIn: 4 })).data.length, 4);
        await rig.refused(lbaStatus(BLOCKS, 24), '05/21/00', { dataIn: 24 });
      }));
  });
}

function lbaStatus(lba: number, allocationLength: number): Uint8Array {
  return blockCdb(0x9e, lba, allocationLength, 0x12);
}
