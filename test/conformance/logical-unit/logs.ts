import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u16, u32 } from '../../../src/wire/scsi/bytes.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { BLOCK, BLOCKS, type Rig, type UnitMaker, withRig } from './rig.ts';

const MIB = 1 << 20;
/** PAGE CONTROL 1, cumulative values, as sg_logs asks. */
const CUMULATIVE = 0x40;

function logSense(page: number, subpage = 0, pointer = 0, allocationLength = 255): number[] {
  return [0x4d, 0, CUMULATIVE | page, subpage, 0, pointer >> 8, pointer & 0xff, 0, allocationLength, 0];
}

async function log(rig: Rig, ...page: Parameters<typeof logSense>): Promise<Uint8Array> {
  return (await rig.good(logSense(...page), { dataIn: 255 })).data;
}

/** Code, control byte and value of each parameter. */
function parametersOf(page: Uint8Array): [number, number, Uint8Array][] {
  assert.equal(u16(page, 2), page.length - 4);
  const found: [number, number, Uint8Array][] = [];
  for (let at = 4; at < page.length; at += 4 + (page[at + 3] ?? 0)) {
    found.push([u16(page, at), page[at + 2] ?? 0, page.subarray(at + 4, at + 4 + (page[at + 3] ?? 0))]);
  }
  return found;
}

/** Resource counts in threshold sets, by parameter code, with their scope. */
async function resources(rig: Rig, pointer = 0): Promise<number[][]> {
  const parameters = parametersOf(await log(rig, 0x0c, 0, pointer));
  return parameters.map(([code, , value]) => [code, u32(value, 0), value[4] ?? 0]);
}

export function describeLogs(makeUnit: UnitMaker): void {
  describe('LOG SENSE', () => {
    test('lists its pages, and its pages with subpages, and gives each of them', () =>
      withRig(makeUnit, async (rig) => {
        assert.deepEqual(await log(rig, 0), Uint8Array.of(0, 0, 0, 3, 0x00, 0x0c, 0x0e));
        const pairs = [0x00, 0x00, 0x00, 0xff, 0x0c, 0x00, 0x0e, 0x00];
        assert.deepEqual(await log(rig, 0, 0xff), Uint8Array.of(0x40, 0xff, 0, pairs.length, ...pairs));
        for (const code of [0x0c, 0x0e])
          assert.equal((await log(rig, code))[0], 0x80 | code, 'DS: not saved');
      }));

    test('other pages, subpages and saving are refused', () =>
      withRig(makeUnit, async (rig) => {
        for (const cdb of [logSense(0x0d), logSense(0x0c, 1), logSense(0x0e, 0xff), logSense(0, 1)]) {
          await rig.refused(cdb, '05/24/00', { dataIn: 255 });
        }
        await rig.refused(logSense(0x0c).with(1, 0x01), '05/24/00', { dataIn: 255 });
        await rig.refused(logSense(0x0c, 0, 3), '05/24/00', { dataIn: 255 });
        await rig.refused(logSense(0, 0, 1), '05/24/00', { dataIn: 255 });
      }));

    test('tells what the unit uses and what is free, in threshold sets, as it is now', () =>
      withRig(makeUnit, async (rig) => {
        const all = (BLOCKS * BLOCK) / MIB;
        assert.deepEqual(await resources(rig), [
          [1, all, 2],
          [2, 0, 1],
        ]);
        for (const at of [0, 1, 2]) await rig.write(at * (MIB / BLOCK), pattern(MIB));
        await rig.write(6 * (MIB / BLOCK), pattern(BLOCK));
        assert.deepEqual(await resources(rig), [
          [1, all - 4, 2],
          [2, 4, 1],
        ]);
        await rig.good(blockCdb(0x93, 0, (3 * MIB) / BLOCK, 0x09));
        assert.deepEqual(await resources(rig, 2), [[2, 1, 1]]);
      }));

    test('is cut to its allocation length', () =>
      withRig(makeUnit, async (rig) => {
        const whole = await log(rig, 0x0c);
        for (const length of [0, 3, 4, 15]) {
          assert.deepEqual(await log(rig, 0x0c, 0, 0, length), whole.subarray(0, length));
        }
      }));

    test('counts no start-stop cycle: a unit does not stop', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good([0x1b, 0, 0, 0, 0, 0]);
        await rig.good([0x1b, 0, 0, 0, 1, 0]);
        assert.deepEqual(parametersOf(await log(rig, 0x0e)), [[4, 0x03, new Uint8Array(4)]]);
      }));

    test('a store that fails is told of', () =>
      withRig(makeUnit, async (rig) => {
        rig.fault = ({ kind }) => (kind === 'space' ? 'EIO' : null);
        await rig.refused(logSense(0x0c), '03/11/00', { dataIn: 255 });
      }));
  });
}
