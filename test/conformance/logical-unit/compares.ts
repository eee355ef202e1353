import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, type UnitMaker, withRig } from './rig.ts';

export function describeCompares(makeUnit: UnitMaker): void {
  describe('COMPARE AND WRITE', () => {
    test('writes where the unit holds what is expected', () =>
      withRig(makeUnit, async (rig) => {
        const [old, fresh] = [pattern(3 * BLOCK, 1), pattern(3 * BLOCK, 2)];
        await rig.write(9, old);
        await rig.good(compareAndWrite(9, 3), { dataOut: join(old, fresh) });
        assert.deepEqual(await rig.read(9, 3), fresh);
      }));

    test('writes nothing where it does not, and tells the first byte that differs', () =>
      withRig(makeUnit, async (rig) => {
        const [old, fresh] = [pattern(2 * BLOCK, 1), pattern(2 * BLOCK, 2)];
        await rig.write(9, old);
        for (const offset of [0, 300, 2 * BLOCK - 1]) {
          const expected = old.map((byte, at) => (at === offset ? byte ^ 1 : byte));
          const outcome = await rig.refused(compareAndWrite(9, 2), '0e/1d/00', {
            dataOut: join(expected, fresh),
          });
          assert.equal(outcome.sense?.information, offset);
        }
        assert.deepEqual(await rig.read(9, 2), old);
      }));

    test('refuses data of another length than twice the blocks', () =>
      withRig(makeUnit, async (rig) => {
        for (const blocks of [0, 1, 3, 4]) {
          await rig.refused(compareAndWrite(0, 1), '05/24/00', {
            dataOut: new Uint8Array((blocks + 0.5) * BLOCK),
          });
        }
        await rig.refused(compareAndWrite(0, 3), '05/24/00', { dataOut: new Uint8Array(4 * BLOCK) });
      }));

    test('of zero blocks is good, and outside the unit is refused', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good(compareAndWrite(0, 0));
        await rig.refused(compareAndWrite(BLOCKS, 1), '05/21/00', { dataOut: new Uint8Array(2 * BLOCK) });
      }));
  });

  describe('VERIFY', () => {
    test('reads the medium', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x2f, 0xaf, 0x8f]) await rig.good(blockCdb(operation, 0, 2000));
        rig.fault = ({ kind, position }) => (kind === 'read' && position >= 600 * BLOCK ? 'EIO' : null);
        await rig.refused(blockCdb(0x2f, 0, 2000), '03/11/00');
      }));

    test('with BYTCHK 1 compares each block', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(4 * BLOCK);
        await rig.write(0, data);
        for (const operation of [0x2f, 0xaf, 0x8f]) {
          const cdb = blockCdb(operation, 0, 4, 0x02);
          await rig.good(cdb, { dataOut: data });
          const other = data.with(4 * BLOCK - 1, (data.at(-1) ?? 0) ^ 1);
          await rig.refused(cdb, '0e/1d/00', { dataOut: other });
        }
      }));

    test('with BYTCHK 1 and less data than blocks tells of none', () =>
      withRig(makeUnit, async (rig) => {
        await rig.write(0, pattern(4 * BLOCK));
        for (const operation of [0x2f, 0xaf, 0x8f]) {
          for (const length of [0, BLOCK, 3 * BLOCK]) {
            const dataOut = pattern(4 * BLOCK).subarray(0, length);
            await rig.refused(blockCdb(operation, 0, 4, 0x02), '05/24/00', { dataOut });
          }
        }
      }));

    test('with BYTCHK 3 compares every block with one', () =>
      withRig(makeUnit, async (rig) => {
        const one = pattern(BLOCK);
        await rig.write(0, join(join(one, one), pattern(BLOCK, 2)));
        await rig.good(blockCdb(0x8f, 0, 2, 0x06), { dataOut: one });
        await rig.refused(blockCdb(0x8f, 0, 3, 0x06), '0e/1d/00', { dataOut: one });
        await rig.refused(blockCdb(0x8f, 2, 1, 0x06), '0e/1d/00', { dataOut: one });
        await rig.refused(blockCdb(0x8f, 0, 2, 0x06), '05/24/00');
        await rig.good(blockCdb(0x8f, 0, 0, 0x06));
      }));

    test('with the reserved BYTCHK 2, or outside the unit, is refused', () =>
      withRig(makeUnit, async (rig) => {
        await rig.refused(blockCdb(0x2f, 0, 1, 0x04), '05/24/00');
        for (const byte1 of [0, 2, 6]) {
          await rig.refused(blockCdb(0x8f, BLOCKS, 1, byte1), '05/21/00', { dataOut: new Uint8Array(BLOCK) });
        }
      }));
  });
}

export function compareAndWrite(lba: number, blocks: number): Uint8Array {
  const cdb = blockCdb(0x89, lba, 0);
  cdb[13] = blocks;
  return cdb;
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  return Uint8Array.from([...a, ...b]);
}
