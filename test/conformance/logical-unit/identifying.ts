import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { u16, u32 } from '../../../src/wire/scsi/bytes.ts';
import { BLOCK, TEST_UNIT_READY, type UnitMaker, withRig, writeCdb } from './rig.ts';

const Type = { identifier: 0, text: 2, supported: 0x7f };
const text = (words: string) => new TextEncoder().encode(`${words}\0`);

/** REPORT and SET IDENTIFYING INFORMATION (SPC-4 6.32, 6.45). */
function report(type: number, allocationLength = 512): number[] {
  return [0xa3, 5, 0, 0, 0, 0, 0, 0, allocationLength >> 8, allocationLength & 0xff, type << 1, 0];
}

function set(type: number, length: number): number[] {
  return [0xa4, 6, 0, 0, 0, 0, 0, 0, length >> 8, length & 0xff, type << 1, 0];
}

export function describeIdentifying(makeUnit: UnitMaker): void {
  describe('identifying information and the timestamp', () => {
    test('which information there can be, and none at first', () =>
      withRig(makeUnit, async (rig) => {
        const { data } = await rig.good(report(Type.supported), { dataIn: 512 });
        assert.deepEqual([...data], [0, 0, 0, 8, 0, 0, 0, 64, 4, 0, 1, 0]);
        for (const type of [Type.identifier, Type.text]) {
          assert.deepEqual([...(await rig.good(report(type), { dataIn: 512 })).data], [0, 0, 0, 0]);
        }
      }));

    test('what one initiator sets, all read; the others are told, and each type stands for itself', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        const identifier = Uint8Array.from({ length: 64 }, (_, index) => 255 - index);
        const words = text('Büro 3, rack 7');
        await rig.good(set(Type.identifier, 64), { dataOut: identifier });
        await rig.good(TEST_UNIT_READY);
        await rig.refused(TEST_UNIT_READY, '06/3f/05', { nexus: other });
        await rig.good(set(Type.text, words.length), { dataOut: words });
        await rig.refused(TEST_UNIT_READY, '06/3f/05', { nexus: other });
        for (const nexus of [rig.nexus, other]) {
          for (const [type, expected] of [
            [Type.identifier, identifier],
            [Type.text, words],
          ] as const) {
            const { data } = await rig.good(report(type), { dataIn: 512, nexus });
            assert.equal(u16(data, 2), expected.length);
            assert.deepEqual(data.slice(4), expected);
          }
        }
        assert.equal((await rig.good(report(Type.text, 6), { dataIn: 512 })).data.length, 6);
        await rig.good(set(Type.text, 0));
        assert.equal(u16((await rig.good(report(Type.text), { dataIn: 512 })).data, 2), 0);
        assert.equal(u16((await rig.good(report(Type.identifier), { dataIn: 512 })).data, 2), 64);
      }));

    test('lists that are too long, short, of a wrong type, or a text without an end change nothing', () =>
      withRig(makeUnit, async (rig) => {
        await rig.good(set(Type.text, 3), { dataOut: text('ab') });
        const at = async (byte: number, cdb: number[], dataOut: Uint8Array) => {
          const { sense } = await rig.refused(cdb, '05/24/00', { dataOut });
          assert.equal((sense?.specific ?? 0) & 0xffff, byte);
        };
        await at(6, set(Type.identifier, 65), new Uint8Array(65));
        await at(6, set(Type.text, 257), new Uint8Array(257));
        for (const type of [1, 3, 4, Type.supported]) await at(10, set(type, 4), new Uint8Array(4));
        await rig.refused(set(Type.text, 8), '05/1a/00', { dataOut: new Uint8Array(4) });
        await rig.refused(set(Type.text, 2), '05/26/00', { dataOut: Uint8Array.of(0x61, 0x62) });
        await rig.refused(report(4), '05/24/00', { dataIn: 512 });
        const { data } = await rig.good(report(Type.text), { dataIn: 512 });
        assert.deepEqual(data.slice(4), text('ab'));
      }));

    test('a reservation of another keeps SET out, and lets REPORT through', () =>
      withRig(makeUnit, async (rig) => {
        const other = await rig.otherNexus();
        const key = new Uint8Array(24);
        key[15] = 1;
        await rig.good([0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0], { dataOut: key, nexus: other });
        key.set([1], 7);
        await rig.good([0x5f, 1, 3, 0, 0, 0, 0, 0, 24, 0], { dataOut: key, nexus: other });
        const conflict = await rig.run(set(Type.text, 3), { dataOut: text('ab') });
        assert.equal(conflict.status, 0x18);
        await rig.good(report(Type.text), { dataIn: 512 });
        await rig.good(reportTimestamp(12), { dataIn: 12 });
        assert.equal((await rig.run(writeCdb(0, 1), { dataOut: new Uint8Array(BLOCK) })).status, 0x18);
      }));

    test('REPORT TIMESTAMP gives the clock of the owner, which SET TIMESTAMP does not set', () =>
      withRig(makeUnit, async (rig) => {
        const before = Date.now();
        const { data } = await rig.good(reportTimestamp(12), { dataIn: 12 });
        assert.deepEqual([u16(data, 0), data[2], data.length], [10, 3, 12]);
        const told = u16(data, 4) * 2 ** 32 + u32(data, 6);
        assert.ok(before <= told && told <= Date.now());
        assert.equal((await rig.good(reportTimestamp(2), { dataIn: 12 })).data.length, 2);
        const { sense } = await rig.refused([0xa4, 0x0f, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0], '05/24/00', {
          dataOut: new Uint8Array(12),
        });
        assert.equal(sense?.specific, 0xcc_0001, 'the service action');
      }));
  });
}

function reportTimestamp(allocationLength: number): number[] {
  return [0xa3, 0x0f, 0, 0, 0, 0, 0, 0, 0, allocationLength, 0, 0];
}
