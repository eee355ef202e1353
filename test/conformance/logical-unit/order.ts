import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TaskAttribute } from '../../../src/scsi/logical-unit.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, readCdb, TEST_UNIT_READY, type UnitMaker, withRig, writeCdb } from './rig.ts';

export function describeOrder(makeUnit: UnitMaker): void {
  describe('order', () => {
    test('overlapping writes run one after the other, as they came, whatever nexus they came by', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        rig.held.holding = true;
        const first = rig.start(writeCdb(0, 8), { dataOut: pattern(8 * BLOCK, 1) });
        await rig.held.atLeast(1);
        const second = rig.start(writeCdb(4, 8), { dataOut: pattern(8 * BLOCK, 2), nexus: other });
        await rig.good(TEST_UNIT_READY, { nexus: other });
        assert.equal(rig.held.calls.length, 1, 'the second waits for the first');
        rig.held.open();
        await first.ended;
        await second.ended;
        assert.deepEqual(await rig.read(4, 8), pattern(8 * BLOCK, 2));
      }));

    test('writes side by side run together', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const writes = [0, 8, 16].map((lba) => rig.start(writeCdb(lba, 8), { dataOut: pattern(8 * BLOCK) }));
        await rig.held.atLeast(3);
        rig.held.open();
        for (const write of writes) assert.equal((await write.ended).status, 0);
      }));

    test('a read of blocks that are being written waits, and sees the write', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const write = rig.start(writeCdb(0, 8), { dataOut: pattern(8 * BLOCK) });
        await rig.held.atLeast(1);
        const read = rig.start(readCdb(7, 1), { dataIn: BLOCK });
        await rig.good(TEST_UNIT_READY);
        assert.equal(rig.held.calls.length, 1);
        rig.held.open();
        await write.ended;
        assert.deepEqual((await read.ended).data, pattern(8 * BLOCK).subarray(7 * BLOCK));
      }));

    test('an ORDERED command waits for all before it, and holds up all behind it', () =>
      withRig(makeUnit, async (rig) => {
        const marker = await rig.otherNexus();
        rig.held.holding = true;
        const before = rig.start(readCdb(0, 1), { dataIn: BLOCK });
        await rig.held.atLeast(1);
        const ordered = rig.start(readCdb(100, 1), { dataIn: BLOCK, attribute: TaskAttribute.ordered });
        const behind = rig.start(readCdb(200, 1), { dataIn: BLOCK });
        const head = { attribute: TaskAttribute.headOfQueue, nexus: marker };
        await rig.good(TEST_UNIT_READY, head);
        assert.equal(rig.held.calls.length, 1, 'only the first has reached the store');
        rig.held.runOne();
        await before.ended;
        await rig.held.atLeast(1);
        await rig.good(TEST_UNIT_READY, head);
        assert.equal(rig.held.calls[0]?.operation.position, 100 * BLOCK);
        assert.equal(rig.held.calls.length, 1, 'the last waits for the ordered one');
        rig.held.open();
        await ordered.ended;
        await behind.ended;
      }));

    for (const [name, cdb] of [
      ['VERIFY of no blocks', blockCdb(0x2f, 0, 0, 0x06)],
      ['UNMAP of an empty list', Uint8Array.of(0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ] as const) {
      test(`${name}, which waits, takes the data that its initiator sends all the same`, () =>
        withRig(makeUnit, async (rig) => {
          rig.held.holding = true;
          const before = rig.start(readCdb(0, 1), { dataIn: BLOCK });
          await rig.held.atLeast(1);
          const waiting = rig.start(cdb, { dataOut: pattern(BLOCK), attribute: TaskAttribute.ordered });
          rig.held.open();
          await before.ended;
          assert.equal((await waiting.ended).status, Status.good);
        }));
    }

    test('a HEAD OF QUEUE command goes before those that wait', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const running = rig.start(writeCdb(0, 8), { dataOut: pattern(8 * BLOCK, 1) });
        await rig.held.atLeast(1);
        const waiting = rig.start(writeCdb(0, 8), { dataOut: pattern(8 * BLOCK, 2) });
        const attribute = TaskAttribute.headOfQueue;
        const marker = await rig.otherNexus('iqn.2026-11.test:marker');
        const head = rig.start(readCdb(0, 8), { dataIn: 8 * BLOCK, attribute });
        // Behind them on the way to the unit, but in front of them in its task set.
        await rig.good(TEST_UNIT_READY, { attribute, nexus: marker });
        rig.held.runOne();
        await running.ended;
        await rig.held.atLeast(1);
        assert.equal(rig.held.calls[0]?.operation.kind, 'read');
        rig.held.open();
        assert.deepEqual((await head.ended).data, pattern(8 * BLOCK, 1));
        await waiting.ended;
      }));

    test('the ACA attribute and NACA are refused: no command makes an ACA condition', () =>
      withRig(makeUnit, async (rig) => {
        const aca = { attribute: TaskAttribute.aca };
        await rig.refused(readCdb(0, 1), '05/49/00', { ...aca, dataIn: BLOCK });
        await rig.refused(writeCdb(0, 1), '05/49/00', { ...aca, dataOut: pattern(BLOCK) });
        await rig.refused(TEST_UNIT_READY, '05/49/00', aca);
        const NACA = 0x04;
        await rig.refused(readCdb(0, 1).with(9, NACA), '05/24/00', { dataIn: BLOCK });
        await rig.refused(writeCdb(0, 1).with(9, NACA), '05/24/00', { dataOut: pattern(BLOCK) });
        assert.ok((await rig.read(0, 1)).every((byte) => byte === 0));
      }));

    test('a command that ends with CHECK CONDITION holds up no other, and leaves no condition behind (QERR 0)', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const [before, failed, behind] = [0, 8, 16].map((lba) =>
          rig.start(readCdb(lba, 1), { dataIn: BLOCK }),
        );
        await rig.held.atLeast(3);
        rig.fault = ({ position }) => (position === 8 * BLOCK ? 'EIO' : null);
        rig.held.open();
        assert.equal((await failed?.ended)?.sense?.asc, 0x11);
        for (const command of [before, behind]) assert.equal((await command?.ended)?.status, 0);
        await rig.good(TEST_UNIT_READY);
      }));

    test('a thousand writes of one block run in their order', () =>
      withRig(makeUnit, async (rig) => {
        rig.held.holding = true;
        const writes = Array.from({ length: 1000 }, (_, seed) =>
          rig.start(writeCdb(0, 1), { dataOut: pattern(BLOCK, seed) }),
        );
        await rig.held.atLeast(1);
        rig.held.open();
        for (const write of writes) await write.ended;
        assert.deepEqual(await rig.read(0, 1), pattern(BLOCK, 999));
      }));
  });
}
