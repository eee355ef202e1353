import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, readCdb, type UnitMaker, withRig } from './rig.ts';

export function describeReads(makeUnit: UnitMaker): void {
  describe('reads', () => {
    test('READ (6), (10), (12) and (16) give what was written', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(4 * BLOCK);
        await rig.write(100, data);
        const six = [0x08, 0, 0, 100, 4, 0];
        const cdbs = [six, ...[0x28, 0xa8, 0x88].map((code) => blockCdb(code, 100, 4))];
        for (const cdb of cdbs) {
          const outcome = await rig.good(cdb, { dataIn: data.length });
          assert.deepEqual(outcome.data, data);
          assert.equal(outcome.presentedLength, data.length);
        }
      }));

    test('READ (6) of zero blocks reads 256', () =>
      withRig(makeUnit, async (rig) => {
        const outcome = await rig.good([0x08, 0, 0, 0, 0, 0], { dataIn: 256 * BLOCK });
        assert.equal(outcome.data.length, 256 * BLOCK);
      }));

    test('what was never written reads as zeroes', () =>
      withRig(makeUnit, async (rig) => {
        assert.ok((await rig.read(50, 8)).every((byte) => byte === 0));
      }));

    test('a long read comes in read sets, the status with the last', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(200 * BLOCK);
        await rig.write(7, data);
        const command = rig.start(readCdb(7, 200), { dataIn: data.length, readSet: 16384 });
        assert.deepEqual((await command.ended).data, data);
        assert.ok(command.sets.length >= 7);
      }));

    test('a read waits for credit', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(64 * BLOCK);
        await rig.write(0, data);
        const options = { dataIn: data.length, readSet: 8192, credit: 8192, grants: false };
        const command = rig.start(readCdb(0, 64), options);
        for (let granted = 8192; granted < data.length; granted += 8192) {
          while (command.sets.length * 8192 < granted) await turn();
          assert.equal(command.outcome, null);
          command.grant(8192);
        }
        assert.deepEqual((await command.ended).data, data);
        assert.deepEqual(
          command.sets,
          [0, 1, 2, 3].map((set) => [set * 8192, 8192]),
        );
      }));

    test('an initiator that expects less gets less, and the length that was asked for is told', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(2 * BLOCK);
        await rig.write(0, data);
        for (const dataIn of [0, 200, BLOCK, 700]) {
          const outcome = await rig.good(readCdb(0, 2), { dataIn });
          assert.deepEqual(outcome.data, data.subarray(0, dataIn));
          assert.equal(outcome.presentedLength, 2 * BLOCK);
        }
      }));

    test('an initiator that expects more gets what was asked for', () =>
      withRig(makeUnit, async (rig) => {
        const outcome = await rig.good(readCdb(0, 1), { dataIn: 10_000 });
        assert.equal(outcome.data.length, BLOCK);
        assert.equal(outcome.presentedLength, BLOCK);
      }));

    test('zero blocks are a good read of nothing', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x28, 0xa8, 0x88]) {
          assert.equal((await rig.good(blockCdb(operation, 0, 0))).data.length, 0);
        }
      }));

    test('a range that leaves the unit is refused, however large its numbers', () =>
      withRig(makeUnit, async (rig) => {
        const ranges = [
          [BLOCKS - 1, 2],
          [BLOCKS, 1],
          [BLOCKS + 1, 0],
          [0xffff_ffff, 1],
        ] as const;
        for (const operation of [0x28, 0xa8, 0x88]) {
          for (const [lba, blocks] of ranges) {
            await rig.refused(blockCdb(operation, lba, blocks), '05/21/00', { dataIn: BLOCK });
          }
        }
        const farAway = [0x88, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0];
        await rig.refused(farAway, '05/21/00', { dataIn: BLOCK });
        const wrapsAround = [0x88, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0];
        await rig.refused(wrapsAround, '05/21/00', { dataIn: BLOCK });
      }));

    test('RDPROTECT is refused, DPO and FUA are obeyed', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x28, 0xa8, 0x88]) {
          await rig.refused(blockCdb(operation, 0, 1, 0x20), '05/24/00', { dataIn: BLOCK });
          await rig.good(blockCdb(operation, 0, 1, 0x18), { dataIn: BLOCK });
        }
      }));

    test('a medium that cannot be read is a medium error', () =>
      withRig(makeUnit, async (rig) => {
        rig.fault = (operation) => (operation.kind === 'read' ? 'EIO' : null);
        await rig.refused(readCdb(0, 1), '03/11/00', { dataIn: BLOCK });
      }));
  });
}

/** Lets everything run that is ready. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
