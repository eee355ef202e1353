import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Nexus } from '../../../src/scsi/nexus.ts';
import { u32, u64 } from '../../../src/wire/scsi/bytes.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, code, type Rig, readCdb, TEST_UNIT_READY, type UnitMaker, withRig } from './rig.ts';

const GROWN = 2 * BLOCKS;

/** Waits for the next unit attention. */
async function told(rig: Rig, nexus: Nexus): Promise<string> {
  for (;;) {
    const outcome = await rig.run(TEST_UNIT_READY, { nexus });
    if (outcome.sense !== null) return code(outcome);
  }
}

async function lastBlocks(rig: Rig): Promise<number[]> {
  const ten = await rig.good(blockCdb(0x25, 0, 0), { dataIn: 8 });
  const sixteen = await rig.good(blockCdb(0x9e, 0, 32, 0x10), { dataIn: 32 });
  const modes = await rig.good([0x1a, 0, 0x0a, 0, 255, 0], { dataIn: 255 });
  return [u32(ten.data, 0), u64(sixteen.data, 0), u32(modes.data, 4) - 1];
}

export function describeGrowth(makeUnit: UnitMaker): void {
  describe('growth', () => {
    test('every nexus is told once, and has more blocks, of zeroes; what was there stays', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        const last = BLOCKS - 1;
        await rig.write(last, pattern(BLOCK));
        await rig.refused(readCdb(BLOCKS, 1), '05/21/00', { dataIn: BLOCK });
        assert.deepEqual(await lastBlocks(rig), [last, last, last]);
        assert.equal(await rig.grow(GROWN * BLOCK), null);
        for (const nexus of [rig.nexus, other]) {
          assert.equal(await told(rig, nexus), '06/2a/09');
          for (let again = 0; again < 3; again += 1) await rig.good(TEST_UNIT_READY, { nexus });
        }
        assert.equal(rig.unit.identity.blockCount, GROWN);
        assert.deepEqual(await lastBlocks(rig), [GROWN - 1, GROWN - 1, GROWN - 1]);
        assert.deepEqual(
          await rig.read(last, 2),
          Uint8Array.from([...pattern(BLOCK), ...new Uint8Array(BLOCK)]),
        );
        await rig.write(GROWN - 1, pattern(BLOCK, 7));
        assert.deepEqual(await rig.read(GROWN - 1, 1), pattern(BLOCK, 7));
        await rig.refused(readCdb(GROWN, 1), '05/21/00', { dataIn: BLOCK });
      }));

    test('what runs goes on', () =>
      withRig(makeUnit, async (rig) => {
        await rig.write(0, pattern(8 * BLOCK));
        rig.held.holding = true;
        const read = rig.start(readCdb(0, 8), { dataIn: 8 * BLOCK });
        const write = rig.start([0x2a, ...readCdb(16, 8).slice(1)], { dataOut: pattern(8 * BLOCK, 3) });
        await rig.held.atLeast(2);
        const growing = rig.grow(GROWN * BLOCK);
        await rig.held.atLeast(3);
        rig.held.open();
        assert.equal(await growing, null);
        assert.deepEqual((await read.ended).data, pattern(8 * BLOCK));
        assert.equal((await write.ended).status, 0);
        assert.equal(await told(rig, rig.nexus), '06/2a/09');
        assert.deepEqual(await rig.read(16, 8), pattern(8 * BLOCK, 3));
      }));

    test('a store that can not grow leaves the unit as it was', () =>
      withRig(makeUnit, async (rig) => {
        rig.fault = ({ kind }) => (kind === 'grow' ? 'ENOSPC' : null);
        assert.equal(await rig.grow(GROWN * BLOCK), 'ENOSPC');
        for (let again = 0; again < 3; again += 1) await rig.good(TEST_UNIT_READY);
        assert.deepEqual(await lastBlocks(rig), [BLOCKS - 1, BLOCKS - 1, BLOCKS - 1]);
      }));
  });
}
