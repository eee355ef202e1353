import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DiscardedData } from '../../../src/scsi/discarded-data.ts';
import { putU16, putU32 } from '../../../src/wire/scsi/bytes.ts';
import {
  copyOutCdb,
  cscd,
  lid1List,
  lid4List,
  populateList,
  segment,
  tokenOutCdb,
  writeTokenList,
  zeroToken,
} from '../../support/copy-lists.ts';
import { pattern } from '../../support/scsi.ts';
import { BLOCK, CopyRig, codeOf } from './rig.ts';

const BLOCKS = (8 << 20) / BLOCK;

/** Nothing of it may be written: what every list here would do, if it did anything. */
const oneBlock = segment({ blocks: 1 });

describe('EXTENDED COPY: broken and hostile lists', () => {
  const cases: [string, (list: Uint8Array, rig: CopyRig) => Uint8Array, string][] = [
    ['half a header', (list) => list.subarray(0, 15), '05/1a/00'],
    ['a list that ends in a CSCD descriptor', (list) => list.subarray(0, 16 + 63), '05/1a/00'],
    ['a list that ends in a segment descriptor', (list) => list.subarray(0, list.length - 1), '05/1a/00'],
    ['a CSCD list of no whole descriptors', (list) => put16(list, 2, 63), '05/26/00'],
    ['a CSCD list longer than the list', (list) => put16(list, 2, 512), '05/1a/00'],
    ['a segment list longer than the list', (list) => put32(list, 8, 56), '05/1a/00'],
    ['a segment list of 4 GiB', (list) => put32(list, 8, 0xffff_ffff), '05/1a/00'],
    ['half a segment', (list) => put32(list, 8, 27), '05/26/00'],
    ['inline data', (list) => put32(list, 12, 1), '05/26/0b'],
    ['inline data of 4 GiB', (list) => put32(list, 12, 0xffff_ffff), '05/26/0b'],
    ['reserved LIST ID USAGE', (list) => put8(list, 1, 1 << 3), '05/26/00'],
    ['an identifier that is not to be used', (list) => put8(list, 1, 3 << 3), '05/26/00'],
    ['a CSCD descriptor of another type', (list) => put8(list, 16, 0xe0), '05/26/07'],
    ['an extension of a CSCD descriptor', (list) => put8(list, 48, 0xff), '05/26/07'],
    ['a designator longer than its place', (list) => put8(list, 16 + 7, 255), '05/26/00'],
    ['a shorter designator', (list) => put8(list, 16 + 7, 15), '0a/0d/02'],
    ['a designator of no length', (list) => put8(list, 16 + 7, 0), '0a/0d/02'],
    ['a designator of another unit', (list) => put8(list, 16 + 8, 0x55), '0a/0d/02'],
    ['a designator of a port', (list) => put8(list, 16 + 5, 0x13), '0a/0d/02'],
    ['another device type', (list) => put8(list, 16 + 1, 0x01), '0a/0d/03'],
    ['another block length', (list) => put16(list, 16 + 30, 4096), '05/26/00'],
    ['a segment of another type', (list) => put8(list, 80, 0x03), '05/26/09'],
    ['a segment of another length', (list) => put16(list, 82, 0xffff), '05/26/00'],
    ['a source that there is not', (list) => put16(list, 84, 2), '0a/08/04'],
    ['a destination that there is not', (list) => put16(list, 86, 0x7ff), '0a/08/04'],
    ['a null unit', (list) => put16(list, 84, 0xc000), '0a/08/04'],
    ['more blocks than there are', (list) => put16(list, 90, BLOCKS + 1), '0a/08/04'],
    ['a source range over the end', (list) => put32(list, 96, BLOCKS), '0a/08/04'],
    ['a destination range over the end', (list) => put32(list, 104, BLOCKS), '0a/08/04'],
    ['an LBA of 2^64 - 1', (list) => list.fill(0xff, 92, 100), '0a/08/04'],
    ['an LBA that overflows with the length', (list) => list.fill(0xff, 101, 108), '0a/08/04'],
  ];
  for (const [name, change, expected] of cases) {
    test(name, () =>
      CopyRig.with(async (rig) => {
        await rig.write(rig.a, 0, pattern(8 * BLOCK));
        const list = change(rig.list({ segments: [oneBlock] }), rig);
        assert.equal(codeOf(await rig.copy(list)), expected);
        assert.deepEqual(await rig.read(rig.b, 0, 8), new Uint8Array(8 * BLOCK));
      }),
    );
  }

  test('a bad segment behind good ones: nothing is written', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(8 * BLOCK));
      const segments = [oneBlock, oneBlock, segment({ blocks: 2, sourceLba: BLOCKS - 1 })];
      const outcome = await rig.copy(rig.list({ segments }));
      assert.deepEqual([codeOf(outcome), outcome.sense?.copy?.segment], ['0a/08/04', 2]);
      assert.equal(outcome.sense?.information, null);
      assert.deepEqual(await rig.read(rig.b, 0, 8), new Uint8Array(8 * BLOCK));
    }));

  test('as many descriptors as are announced, one more of each kind, and more bytes', () =>
    CopyRig.with(async (rig) => {
      const one = cscd(rig.a.unit.identity);
      const cscds = (count: number) => new Array<Uint8Array>(count).fill(one);
      const segments = (count: number) => new Array<Uint8Array>(count).fill(oneBlock);
      const copy = (units: number, parts: number) =>
        rig.copy(lid1List({ cscds: cscds(units), segments: segments(parts) }));
      assert.equal(codeOf(await copy(16, 64)), 'status 0');
      assert.equal(codeOf(await copy(17, 1)), '05/26/06');
      assert.equal(codeOf(await copy(2, 65)), '05/26/08');
      assert.equal(codeOf(await copy(17, 64)), '05/1a/00');
    }));

  test('a CDB that announces more than comes, or more than may come, is refused before anything is kept', () =>
    CopyRig.with(async (rig) => {
      const list = rig.list({ segments: [oneBlock] });
      for (const length of [list.length + 1, 65537, 0xffff_ffff]) {
        rig.pool.resetPeak();
        const outcome = await rig.run(1, copyOutCdb(0, length), { dataOut: list, unsolicited: 0 });
        assert.equal(codeOf(outcome), '05/1a/00');
        assert.equal(rig.pool.peakLeasedBytes, 0);
      }
      assert.equal(codeOf(await rig.run(1, copyOutCdb(0, list.length))), '05/1a/00', 'no data at all');
    }));

  test('a list of many bytes of which the first come unasked takes no more memory than they', () =>
    CopyRig.with(async (rig) => {
      const dataOut = new Uint8Array(8 << 20);
      for (const action of [0x00, 0x01, 0x10, 0x11]) {
        rig.pool.resetPeak();
        const cdb = copyOutCdb(action, dataOut.length);
        const outcome = await rig.run(1, cdb, { dataOut, unsolicited: 512 });
        assert.equal(codeOf(outcome), '05/1a/00');
        assert.ok(rig.pool.peakLeasedBytes <= 64 * 1024, `${rig.pool.peakLeasedBytes} bytes`);
      }
    }));

  test('data that comes while the owner still thinks about it', () =>
    CopyRig.with(async (rig) => {
      const execute = rig.a.unit.execute.bind(rig.a.unit);
      const waiting: (() => void)[] = [];
      rig.a.unit.execute = (command) => {
        if (command.cdb[0] !== 0x83) return execute(command);
        waiting.push(() => void execute(command));
        return new DiscardedData(rig.pool);
      };
      const dataOut = new Uint8Array(8 << 20);
      const command = rig.start(1, copyOutCdb(0, dataOut.length), { dataOut, unsolicited: 512 });
      assert.ok(rig.pool.peakLeasedBytes <= 64 * 1024, `${rig.pool.peakLeasedBytes} bytes`);
      for (const call of waiting) call();
      assert.equal(codeOf(await command.ended), '05/1a/00');
    }));

  test('reserved bits of the CDB, and unknown service actions', () =>
    CopyRig.with(async (rig) => {
      const list = rig.list({ segments: [oneBlock] });
      for (const at of [2, 9, 14, 15]) {
        const cdb = copyOutCdb(0, list.length);
        cdb[at] = 1;
        assert.equal(codeOf(await rig.run(1, cdb, { dataOut: list })), '05/24/00');
      }
      assert.equal(codeOf(await rig.copy(list, { action: 2 })), '05/24/00');
      assert.equal(codeOf(await rig.run(1, [0x84, 0x1f, ...new Array<number>(14).fill(0)])), '05/24/00');
    }));

  test('LID4: another format, a list of SPC-3, and IMMED with what excludes it', () =>
    CopyRig.with(async (rig) => {
      const cscds = [cscd(rig.a.unit.identity), cscd(rig.b.unit.identity)];
      const shape = { cscds, segments: [oneBlock] };
      const copy = (list: Uint8Array) => rig.copy(list, { action: 1 });
      assert.equal(codeOf(await copy(lid4List(shape).subarray(0, 47))), '05/1a/00');
      assert.equal(codeOf(await copy(put8(lid4List(shape), 0, 2))), '05/26/00');
      assert.equal(codeOf(await copy(put8(lid4List(shape), 16, 0xe4))), '05/26/00');
      assert.equal(codeOf(await copy(lid1List(shape))), '05/26/00');
      assert.equal(codeOf(await copy(lid4List({ ...shape, flags: 3 }))), '05/24/00');
      assert.equal(
        codeOf(await copy(lid4List({ ...shape, flags: 1, usage: 3, listIdentifier: 0 }))),
        '05/24/00',
      );
      assert.equal(codeOf(await copy(lid4List({ ...shape, flags: 1 }))), 'status 0', 'IMMED is taken for 0');
    }));

  test('any bytes: every list is answered, and only the map’s units are touched', () =>
    CopyRig.with(async (rig) => {
      const good = rig.list({ segments: [oneBlock, segment({ blocks: 3, destinationLba: 9 })] });
      const mutation = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 });
      const nexus = rig.openNexus('iqn.test:hidden');
      const before = await rig.read(rig.b, 0, 64);
      await fc.assert(
        fc.asyncProperty(mutation, fc.nat(good.length + 8), fc.boolean(), async (changes, length, lid4) => {
          const list = new Uint8Array(Math.max(1, length));
          list.set(good.subarray(0, list.length));
          for (const [at, value] of changes) if (at < list.length) list[at] = value;
          const outcome = await rig.copy(list, { nexus, action: lid4 ? 1 : 0 });
          assert.equal(outcome.how, 'status');
        }),
        { numRuns: 1000, seed: 7 },
      );
      assert.deepEqual(await rig.read(rig.b, 0, 64), before);
      rig.router.closeNexus(nexus, 'logout');
    }));
});

describe('POPULATE TOKEN and WRITE USING TOKEN: any bytes', () => {
  test('every list is answered, and nothing but the unit that was asked is touched', () =>
    CopyRig.with(async (rig) => {
      const secret = pattern(64 * BLOCK, 5);
      await rig.write(rig.b, 0, secret);
      const ranges = [
        { lba: 0, blocks: 8 },
        { lba: 100, blocks: 3 },
      ];
      const lists = [populateList(ranges), writeTokenList(zeroToken(), ranges)] as const;
      const mutation = fc.array(fc.tuple(fc.nat(600), fc.nat(255)), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(mutation, fc.nat(8), fc.boolean(), async (changes, cut, uses) => {
          const list = lists[uses ? 1 : 0].slice(0, -cut || undefined);
          for (const [at, value] of changes) if (at < list.length) list[at] = value;
          const cdb = tokenOutCdb(uses ? 0x11 : 0x10, 1, list.length);
          const outcome = await rig.run(1, cdb, { dataOut: list });
          assert.equal(outcome.how, 'status');
        }),
        { numRuns: 1000, seed: 7 },
      );
      assert.deepEqual(await rig.read(rig.b, 0, 64), secret);
    }));
});

function put8(list: Uint8Array, at: number, value: number): Uint8Array {
  list[at] = value;
  return list;
}

function put16(list: Uint8Array, at: number, value: number): Uint8Array {
  putU16(list, at, value);
  return list;
}

function put32(list: Uint8Array, at: number, value: number): Uint8Array {
  putU32(list, at, value);
  return list;
}
