import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ScsiLimits } from '../../../src/limits.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, readCdb, type UnitMaker, withRig, writeCdb } from './rig.ts';

export function describeWrites(makeUnit: UnitMaker): void {
  describe('writes', () => {
    test('WRITE (6), (10), (12), (16) and WRITE AND VERIFY keep what they bring', () =>
      withRig(makeUnit, async (rig) => {
        const operations = [0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e];
        const cdbs = [[0x0a, 0, 0, 100, 4, 0], ...operations.map((code) => blockCdb(code, 100, 4))];
        for (const [index, cdb] of cdbs.entries()) {
          const data = pattern(4 * BLOCK, index);
          const outcome = await rig.good(cdb, { dataOut: data });
          assert.equal(outcome.presentedLength, data.length);
          assert.deepEqual(await rig.read(100, 4), data);
        }
      }));

    test('data comes unsolicited, asked for, or both, in any chunks', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(64 * BLOCK);
        for (const unsolicited of [0, 512, 1000, 4096, data.length]) {
          for (const chunk of [700, 8192]) {
            const seed = pattern(data.length, unsolicited + chunk);
            const command = rig.start(writeCdb(3, 64), { dataOut: seed, unsolicited, chunk });
            assert.equal((await command.ended).status, 0);
            assert.deepEqual(await rig.read(3, 64), seed);
            const solicited = command.asked.reduce((sum, [, length]) => sum + length, 0);
            assert.equal(solicited, data.length - unsolicited);
          }
        }
      }));

    test('a long write is fetched in segments', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(3 * ScsiLimits.writeSegmentLength + 5 * BLOCK);
        const command = rig.start(writeCdb(0, data.length / BLOCK), { dataOut: data, unsolicited: 65536 });
        assert.equal((await command.ended).status, 0);
        assert.ok(command.asked.every(([, length]) => length <= ScsiLimits.writeSegmentLength));
        assert.deepEqual(await rig.read(0, data.length / BLOCK), data);
      }));

    test('an initiator that sends less than it asks for writes whole blocks of it', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(2 * BLOCK);
        for (const [sent, written] of [
          [0, 0],
          [200, 0],
          [BLOCK, BLOCK],
          [700, BLOCK],
        ] as const) {
          await rig.write(0, new Uint8Array(2 * BLOCK));
          const outcome = await rig.good(writeCdb(0, 2), { dataOut: data.subarray(0, sent) });
          assert.equal(outcome.presentedLength, 2 * BLOCK);
          const expected = new Uint8Array(2 * BLOCK);
          expected.set(data.subarray(0, written));
          assert.deepEqual(await rig.read(0, 2), expected);
        }
      }));

    test('an initiator that sends more than it asks for writes what it asks for', () =>
      withRig(makeUnit, async (rig) => {
        const data = pattern(10_000);
        for (const unsolicited of [0, BLOCK, 600, data.length]) {
          await rig.write(0, new Uint8Array(4 * BLOCK));
          const outcome = await rig.good(writeCdb(0, 1), { dataOut: data, unsolicited });
          assert.equal(outcome.presentedLength, BLOCK);
          assert.deepEqual((await rig.read(0, 1)).subarray(0, BLOCK), data.subarray(0, BLOCK));
          assert.ok((await rig.read(1, 3)).every((byte) => byte === 0));
        }
      }));

    test('a range that leaves the unit writes nothing', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e, 0x8b]) {
          const cdb = blockCdb(operation, BLOCKS - 1, 2);
          await rig.refused(cdb, '05/21/00', { dataOut: pattern(2 * BLOCK) });
        }
        assert.ok((await rig.read(BLOCKS - 1, 1)).every((byte) => byte === 0));
      }));

    test('WRPROTECT is refused', () =>
      withRig(makeUnit, async (rig) => {
        for (const operation of [0x2a, 0xaa, 0x8a, 0x2e, 0xae, 0x8e, 0x8b, 0x41, 0x93]) {
          const cdb = blockCdb(operation, 0, 1, 0x20);
          await rig.refused(cdb, '05/24/00', { dataOut: pattern(BLOCK) });
        }
      }));

    test('ORWRITE (16) sets bits', () =>
      withRig(makeUnit, async (rig) => {
        await rig.write(0, pattern(BLOCK, 1));
        await rig.good(blockCdb(0x8b, 0, 1), { dataOut: pattern(BLOCK, 2) });
        const [one, two] = [pattern(BLOCK, 1), pattern(BLOCK, 2)];
        assert.deepEqual(
          await rig.read(0, 1),
          one.map((byte, at) => byte | (two[at] ?? 0)),
        );
      }));

    test('a full store fails the write with sense data, and the unit goes on', () =>
      withRig(makeUnit, async (rig) => {
        rig.fault = (operation) => (operation.kind === 'write' ? 'ENOSPC' : null);
        await rig.refused(writeCdb(0, 1), '07/27/07', { dataOut: pattern(BLOCK) });
        rig.fault = (operation) => (operation.kind === 'write' ? 'EIO' : null);
        await rig.refused(writeCdb(0, 1), '03/0c/00', { dataOut: pattern(BLOCK) });
        rig.fault = () => null;
        await rig.good(readCdb(0, 1), { dataIn: BLOCK });
      }));

    test('SYNCHRONIZE CACHE flushes the store', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        for (const cdb of [blockCdb(0x35, 0, 0), blockCdb(0x91, 5, 10), blockCdb(0x35, 0, 0, 0x02)]) {
          const command = rig.start(cdb);
          await rig.held.atLeast(1);
          assert.equal(rig.held.calls[0]?.operation.kind, 'flush');
          assert.equal(command.outcome, null);
          rig.held.runOne();
          assert.equal((await command.ended).status, 0);
        }
        await rig.refused(blockCdb(0x91, BLOCKS + 1, 0), '05/21/00');
      }));

    test('a flush that fails is told', () =>
      withRig(makeUnit, async (rig) => {
        rig.fault = (operation) => (operation.kind === 'flush' ? 'EIO' : null);
        await rig.refused(blockCdb(0x35, 0, 0), '03/0c/00');
      }));
  });
}
