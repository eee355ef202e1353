import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commands } from '../../../src/scsi/command-table.ts';
import { u16, u32, u64 } from '../../../src/wire/scsi/bytes.ts';
import { blockCdb, pattern, unmapCdb, unmapList } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, type Rig, TEST_UNIT_READY, type UnitMaker, withRig } from './rig.ts';

const ZERO = new Uint8Array(BLOCK);
const WRITE_SAME = [0x41, 0x93];
const UNMAP_BIT = 0x08;
const ANCHOR_BIT = 0x10;

/** A unit whose store can't unmap. */
export function describeFullyProvisioned(makeUnit: UnitMaker): void {
  const withFullRig = (body: (rig: Rig) => Promise<void>) =>
    withRig(
      makeUnit,
      async (rig) => {
        // Where it is proxied its owner may have said so only after the first command.
        while ((await rig.run(TEST_UNIT_READY)).status !== 0);
        await body(rig);
      },
      { thin: false },
    );

  describe('a fully provisioned unit', () => {
    test('READ CAPACITY (16) says that nothing can be unmapped', () =>
      withFullRig(async (rig) => {
        assert.equal(rig.unit.identity.thinlyProvisioned, false);
        const { data } = await rig.good(blockCdb(0x9e, 0, 32, 0x10), { dataIn: 32 });
        assert.deepEqual([u64(data, 0), u32(data, 8)], [BLOCKS - 1, BLOCK]);
        assert.equal((data[14] ?? 0) & 0xc0, 0, 'LBPME and LBPRZ');
      }));

    test('there is no UNMAP, and no UNMAP bit in WRITE SAME: nothing of it comes to the store', () =>
      withFullRig(async (rig) => {
        const data = pattern(8 * BLOCK);
        await rig.write(0, data);
        rig.cache.calls.length = 0;
        const list = unmapList([{ lba: 0, blocks: 8 }]);
        await rig.refused(unmapCdb(list.length), '05/20/00', { dataOut: list });
        await rig.refused(unmapCdb(0), '05/20/00');
        for (const operation of WRITE_SAME) {
          const cdb = blockCdb(operation, 0, 8, UNMAP_BIT);
          const { sense } = await rig.refused(cdb, '05/24/00', { dataOut: ZERO });
          assert.equal(sense?.specific, 0xcb_0001, 'the bit of byte 1');
          const anchored = blockCdb(operation, 0, 8, UNMAP_BIT | ANCHOR_BIT);
          await rig.refused(anchored, '05/24/00', { dataOut: ZERO });
        }
        await rig.refused(blockCdb(0x93, 0, 8, UNMAP_BIT | 0x01), '05/24/00');
        assert.deepEqual(rig.cache.calls, []);
        assert.deepEqual(await rig.read(0, 8), data);
      }));

    test('WRITE SAME without the bit writes, zeroes too', () =>
      withFullRig(async (rig) => {
        for (const operation of WRITE_SAME) {
          await rig.good(blockCdb(operation, 0, 8), { dataOut: pattern(BLOCK, operation) });
          await rig.good(blockCdb(operation, 2, 4), { dataOut: ZERO });
          const found = await rig.read(0, 8);
          assert.deepEqual(found.subarray(BLOCK, 2 * BLOCK), pattern(BLOCK, operation));
          assert.deepEqual(found.subarray(2 * BLOCK, 6 * BLOCK), new Uint8Array(4 * BLOCK));
        }
        await rig.good(blockCdb(0x93, 0, 8, 0x01));
        assert.deepEqual(await rig.read(0, 8), new Uint8Array(8 * BLOCK));
        assert.ok(!rig.cache.calls.includes('unmap'));
      }));

    test('GET LBA STATUS says of every block that it is mapped', () =>
      withFullRig(async (rig) => {
        await rig.write(1024, pattern(128 * BLOCK));
        const { data } = await rig.good(blockCdb(0x9e, 1000, 255, 0x12), { dataIn: 255 });
        assert.deepEqual([u64(data, 8), u32(data, 16), data[20]], [1000, BLOCKS - 1000, 0]);
        assert.equal(data.length, 8 + 16, 'one run');
      }));

    test('REPORT SUPPORTED OPERATION CODES says the same', () =>
      withFullRig(async (rig) => {
        const all = await rig.good([0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0], { dataIn: 16384 });
        const codes: (number | undefined)[] = [];
        for (let at = 4; at < all.data.length; at += 8) codes.push(all.data[at]);
        const expected = commands.map(({ operationCode }) => operationCode).filter((code) => code !== 0x42);
        assert.deepEqual(codes, expected);
        const one = async (code: number) =>
          (await rig.good([0xa3, 0x0c, 1, code, 0, 0, 0, 0, 1, 0, 0, 0], { dataIn: 256 })).data;
        assert.equal((await one(0x42))[1], 1, 'not supported');
        const usages = [];
        for (const code of WRITE_SAME) {
          const data = await one(code);
          usages.push([data[1], u16(data, 2), data[5]]);
        }
        assert.deepEqual(usages, [
          [3, 10, 0],
          [3, 16, 0x01],
        ]);
      }));

    test('LOG SENSE has no page of provisioning resources', () =>
      withFullRig(async (rig) => {
        const { data } = await rig.good([0x4d, 0, 0x40, 0, 0, 0, 0, 0, 255, 0], { dataIn: 255 });
        assert.deepEqual(data, Uint8Array.of(0, 0, 0, 2, 0x00, 0x0e));
        await rig.refused([0x4d, 0, 0x4c, 0, 0, 0, 0, 0, 255, 0], '05/24/00', { dataIn: 255 });
      }));
  });
}
