import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScsiLimits } from '../../../src/limits.ts';
import { putU16 } from '../../../src/wire/scsi/bytes.ts';
import { blockCdb, pattern, unmapCdb, unmapList } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, TEST_UNIT_READY, type UnitMaker, withRig } from './rig.ts';

export function describeHostileInput(makeUnit: UnitMaker): void {
  describe('hostile and broken input', () => {
    test('vendor, reserved and unsupported operation codes', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x01, 0x04, 0x3b, 0x3c, 0x7f, 0x86, 0xc0, 0xff]) {
          await rig.refused([operation, 0, 0, 0, 0, 0], '05/20/00');
        }
      }));

    test('unknown service actions and reserved bits', () =>
      withRig(makeUnit, async (rig) => {
        const action = await rig.refused(blockCdb(0x9e, 0, 32, 0x1f), '05/24/00', { dataIn: 32 });
        assert.equal(action.sense?.specific, 0xcc_0001, 'byte 1, bit 4');
        const byte1 = await rig.refused([0, 1, 0, 0, 0, 0], '05/24/00');
        assert.equal(byte1.sense?.specific, 0xc8_0001, 'byte 1, bit 0');
        const naca = await rig.refused([0, 0, 0, 0, 0, 0x04], '05/24/00');
        assert.equal(naca.sense?.specific, 0xca_0005, 'byte 5, bit 2');
        const several = await rig.refused(blockCdb(0x2a, 0, 1, 0xe5), '05/24/00', {
          dataOut: pattern(BLOCK),
        });
        assert.equal(several.sense?.specific, 0xcf_0001, 'the first of them');
      }));

    test('a transfer over the limit', () =>
      withRig(makeUnit, async (rig) => {
        const blocks = ScsiLimits.maxTransferLength / BLOCK + 1;
        const expected = blocks > BLOCKS ? '05/21/00' : '05/24/00';
        await rig.refused(blockCdb(0x88, 0, blocks), expected, { dataIn: BLOCK });
        await rig.refused(blockCdb(0x8a, 0, 0xffff_ffff), '05/21/00', { dataOut: pattern(BLOCK) });
      }));

    test('UNMAP lists that are short or lie about their length unmap nothing', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(64 * BLOCK);
        await rig.write(0, data);
        const right = unmapList([{ lba: 0, blocks: 8 }]);
        const tell = (at: number, value: number) => {
          const list = right.slice();
          putU16(list, at, value);
          return list;
        };
        const cases: [Uint8Array, number, string][] = [
          [right.subarray(0, 4), 4, '05/1a/00'],
          [right.subarray(0, 4), right.length, '05/1a/00'],
          [right.subarray(0, 16), right.length, '05/1a/00'],
          [tell(2, 32), right.length, '05/1a/00'],
          [tell(2, 0xffff), right.length, '05/1a/00'],
          [tell(0, 6), right.length, '05/26/00'],
          [unmapList(Array(257).fill({ lba: 0, blocks: 1 })), 8 + 16 * 257, '05/26/00'],
          [
            unmapList([
              { lba: 0, blocks: 1 },
              { lba: BLOCKS, blocks: 1 },
            ]),
            40,
            '05/21/00',
          ],
          [
            unmapList([
              { lba: 0, blocks: 1 },
              { lba: 2 ** 52, blocks: 1 },
            ]),
            40,
            '05/21/00',
          ],
          [unmapList(Array(20).fill({ lba: 0, blocks: 0xffff_ffff })), 328, '05/21/00'],
        ];
        for (const [list, length, expected] of cases) {
          await rig.refused(unmapCdb(length), expected, { dataOut: list });
        }
        await rig.refused(unmapCdb(24), '05/1a/00');
        const anchor = unmapCdb(24);
        anchor[1] = 1;
        await rig.refused(anchor, '05/24/00', { dataOut: right });
        assert.deepEqual(await rig.read(0, 64), data);
      }));

    test('MODE SELECT lists that are short, long, wrong or lying change nothing', () =>
      withRig(makeUnit, async (rig) => {
        const sense = async () => (await rig.good([0x1a, 0, 0x3f, 0, 255, 0], { dataIn: 255 })).data.slice();
        const before = await sense();
        const control = [0x0a, 0x0a, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        const cases: [number[], string][] = [
          [[0, 0, 0], '05/1a/00'],
          [[0, 0, 0, 8], '05/1a/00'],
          [[0, 0, 0, 8, 0, 0, 0, 0], '05/1a/00'],
          [[0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0], '05/26/00'],
          [[0, 0, 0, 0, 0x0a], '05/1a/00'],
          [[0, 0, 0, 0, ...control.slice(0, 11)], '05/1a/00'],
          [[0, 0, 0, 0, 0x0a, 0xff, 0, 0], '05/1a/00'],
          [[0, 0, 0, 0, 0x0a, 0x02, 0, 0], '05/26/00'],
          [[0, 0, 0, 0, 0x05, 0x02, 0, 0], '05/26/00'],
          [[0, 0, 0, 0, ...control.with(2, 0x03)], '05/26/00'],
          [[0, 0, 0, 0, ...control, 0x4a, 0x01, 0x00, 0x10], '05/1a/00'],
          [[0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 16, 0], '05/26/00'],
          [[0, 0, 0, 8, 0, 0, 0, 9, 0, 0, 2, 0], '05/26/00'],
        ];
        for (const [list, expected] of cases) {
          await rig.refused([0x15, 0x10, 0, 0, list.length, 0], expected, { dataOut: Uint8Array.from(list) });
        }
        await rig.refused([0x15, 0x10, 0, 0, 20, 0], '05/1a/00', { dataOut: new Uint8Array(4) });
        await rig.refused([0x15, 0x00, 0, 0, 0, 0], '05/24/00');
        await rig.good([0x15, 0x10, 0, 0, 0, 0]);
        assert.deepEqual(await sense(), before);
      }));

    test('data that nobody asked for goes nowhere, and the unit goes on', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good(TEST_UNIT_READY, { dataOut: pattern(8192), chunk: 1000 });
        await rig.refused([0xc0, 0, 0, 0, 0, 0], '05/20/00', { dataOut: pattern(8192), chunk: 1000 });
        await rig.good(TEST_UNIT_READY);
      }));
  });
}
