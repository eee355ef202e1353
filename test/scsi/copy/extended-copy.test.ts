import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Path } from '../../../src/latency/stage.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { copyInCdb, cscd, lid1List, lid4List, segment } from '../../support/copy-lists.ts';
import { pattern } from '../../support/scsi.ts';
import { BLOCK, CopyRig, codeOf } from './rig.ts';

const KiB = 1024;
const READ_16 = 0x88;

test('what a copy does is told as time in the store', () =>
  CopyRig.with(async (rig) => {
    const stages = new Stages(rig.clock, 1, 1);
    const list = rig.list({ segments: [segment({ blocks: 8 })] });
    const timing = stages.begin(Path.direct, new Uint8Array(16), { receivedAt: 0 });
    assert.ok(timing !== null);
    rig.b.held.holding = true;
    const copy = rig.startCopy(list, { timing });
    await rig.b.held.atLeast(1);
    rig.clock.pass(9);
    rig.b.held.open();
    assert.equal(codeOf(await copy.ended), 'status 0');
    timing.release();
    const [latency] = stages.latencies();
    assert.deepEqual([latency?.stages.stored?.max, latency?.total.max], [9000, 9000]);
  }));

describe('EXTENDED COPY: what is copied', () => {
  test('blocks of one unit to another, and nothing beside them', () =>
    CopyRig.with(async (rig) => {
      const data = pattern(2048 * BLOCK);
      await rig.write(rig.a, 100, data);
      const outcome = await rig.copy(
        rig.list({ segments: [segment({ blocks: 2048, sourceLba: 100, destinationLba: 9 })] }),
      );
      assert.deepEqual([codeOf(outcome), outcome.presentedLength], ['status 0', 16 + 64 + 28]);
      assert.deepEqual(await rig.read(rig.b, 9, 2048), data);
      assert.deepEqual(await rig.read(rig.b, 0, 9), new Uint8Array(9 * BLOCK));
      assert.deepEqual(await rig.read(rig.b, 9 + 2048, 9), new Uint8Array(9 * BLOCK));
    }));

  test('a LID4 list, whichever of the units it was sent to, or a third one', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(8 * BLOCK));
      const cscds = [cscd(rig.a.unit.identity), cscd(rig.b.unit.identity)];
      for (const lun of [1, 2, 3]) {
        const list = lid4List({ cscds, segments: [segment({ blocks: 8, destinationLba: lun * 100 })] });
        assert.equal(codeOf(await rig.copy(list, { lun, action: 1 })), 'status 0');
        assert.deepEqual(await rig.read(rig.b, lun * 100, 8), pattern(8 * BLOCK));
      }
    }));

  test('segments one after the other: each sees what the one before it has written', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(600 * BLOCK, 1));
      await rig.write(rig.b, 0, pattern(600 * BLOCK, 2));
      const segments = [
        segment({ blocks: 600, destinationLba: 1000 }),
        segment({ from: 1, to: 0, blocks: 600, sourceLba: 1000, destinationLba: 2000 }),
        segment({ from: 0, to: 0, blocks: 600, sourceLba: 2000, destinationLba: 300 }),
      ];
      assert.equal(codeOf(await rig.copy(rig.list({ segments }))), 'status 0');
      assert.deepEqual(await rig.read(rig.a, 300, 600), pattern(600 * BLOCK, 1));
      assert.deepEqual(await rig.read(rig.a, 0, 300), pattern(600 * BLOCK, 1).subarray(0, 300 * BLOCK));
    }));

  /** Longer than several pieces, and moved by less than one. */
  const blocks = (1100 * KiB) / BLOCK;
  for (const [name, from, to] of [
    ['forward by a block', 1000, 1001],
    ['forward by most of it', 1000, 1000 + blocks - 1],
    ['back by a block', 1001, 1000],
    ['back by most of it', 1000 + blocks - 1, 1000],
    ['onto itself', 1000, 1000],
  ] as const) {
    test(`what lies over itself in one unit: ${name}`, () =>
      CopyRig.with(async (rig) => {
        const data = pattern(blocks * BLOCK, 7);
        await rig.write(rig.a, from, data);
        const moved = segment({ from: 0, to: 0, blocks, sourceLba: from, destinationLba: to });
        assert.equal(codeOf(await rig.copy(rig.list({ segments: [moved] }))), 'status 0');
        assert.deepEqual(await rig.read(rig.a, to, blocks), data);
      }));
  }

  test('what lies over itself, in a unit that is busy now and then', () =>
    CopyRig.with(async (rig) => {
      const data = pattern(blocks * BLOCK, 7);
      await rig.write(rig.a, 1000, data);
      let isOver = false;
      let reads = 0;
      rig.makeBusy(rig.a, (cdb) => {
        if (cdb[0] === READ_16) reads += 1;
        return !isOver && cdb[0] === READ_16 && reads % 2 === 0;
      });
      const moved = segment({ from: 0, to: 0, blocks, sourceLba: 1000, destinationLba: 1003 });
      const copy = rig.startCopy(rig.list({ segments: [moved] }));
      while (copy.outcome === null) {
        rig.clock.pass(100);
        await new Promise((resolve) => setImmediate(resolve));
      }
      isOver = true;
      assert.equal(codeOf(await copy.ended), 'status 0');
      assert.deepEqual(await rig.read(rig.a, 1003, blocks), data);
    }));

  test('others have their turn between the pieces of a copy', () =>
    CopyRig.with(async (rig) => {
      const copy = rig.startCopy(rig.list({ segments: [segment({ blocks: 16384 })] }));
      assert.equal(copy.outcome, null, 'though no store ever waits');
      assert.equal(codeOf(await copy.ended), 'status 0');
    }));

  test('between blocks of 512 bytes and of 4 KiB, by the count of either', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(64 * BLOCK));
      const cscds = [cscd(rig.a.unit.identity), cscd(rig.large.unit.identity)];
      const there = segment({ blocks: 64, destinationLba: 5 });
      const andBack = segment({
        from: 1,
        to: 0,
        blocks: 32,
        sourceLba: 6,
        destinationLba: 1000,
        countsDestination: true,
      });
      const list = lid1List({ cscds, segments: [there, andBack] });
      assert.equal(codeOf(await rig.copy(list)), 'status 0');
      assert.deepEqual(await rig.read(rig.large, 5, 8), pattern(64 * BLOCK));
      const second = pattern(64 * BLOCK).subarray(8 * BLOCK, 40 * BLOCK);
      assert.deepEqual(await rig.read(rig.a, 1000, 32), second);
      const inexact = lid1List({ cscds, segments: [segment({ blocks: 9 })] });
      assert.equal(codeOf(await rig.copy(inexact)), '0a/26/0a');
    }));

  test('the unit that the command was sent to, by the ID that needs no descriptor', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.b, 0, pattern(8 * BLOCK));
      const own = segment({ from: 0xffff, to: 0xffff, blocks: 8, destinationLba: 50 });
      assert.equal(codeOf(await rig.copy(lid1List({ cscds: [], segments: [own] }), { lun: 2 })), 'status 0');
      assert.deepEqual(await rig.read(rig.b, 50, 8), pattern(8 * BLOCK));
    }));

  test('nothing, where there is no list, no segment, or a segment of no blocks', () =>
    CopyRig.with(async (rig) => {
      assert.equal(codeOf(await rig.copy(new Uint8Array(0))), 'status 0');
      assert.equal(codeOf(await rig.copy(rig.list({ segments: [] }))), 'status 0');
      const empty = segment({ blocks: 0, sourceLba: 2 ** 40 });
      assert.equal(codeOf(await rig.copy(rig.list({ segments: [empty] }))), 'status 0');
    }));

  test('G_SENSE: GOOD with the number of segments', () =>
    CopyRig.with(async (rig) => {
      const cscds = [cscd(rig.a.unit.identity), cscd(rig.b.unit.identity)];
      const segments = [segment({ blocks: 1 }), segment({ blocks: 1 })];
      const outcome = await rig.copy(lid4List({ cscds, segments, flags: 0x02 }), { action: 1 });
      assert.deepEqual([outcome.status, codeOf(outcome), outcome.sense?.copy?.segment], [0, '0f/00/20', 2]);
    }));

  test('a copy larger than all that may be in memory of copies, beside others, with no more than that', () =>
    CopyRig.with(async (rig) => {
      const data = pattern(4096 * BLOCK);
      await rig.write(rig.a, 0, data);
      rig.pool.resetPeak();
      const copies = Array.from({ length: 20 }, (_, index) =>
        rig.copy(rig.list({ listIdentifier: index, segments: [segment({ blocks: 4096 })] })),
      );
      for (const copy of copies) assert.equal(codeOf(await copy), 'status 0');
      assert.deepEqual(await rig.read(rig.b, 0, 4096), data);
      // A piece is in memory twice while a unit writes it.
      assert.ok(rig.pool.peakLeasedBytes <= 2 * 64 * 256 * KiB, `${rig.pool.peakLeasedBytes} bytes`);
    }));

  test('the list may come as immediate data, when it is asked for, and with more behind it', () =>
    CopyRig.with(async (rig) => {
      await rig.write(rig.a, 0, pattern(BLOCK));
      const list = rig.list({ segments: [segment({ blocks: 1 })] });
      const longer = new Uint8Array(list.length + 4000);
      longer.set(list);
      for (const [dataOut, unsolicited] of [
        [list, 0],
        [list, 17],
        [longer, 0],
        [longer, longer.length],
        [longer, 50],
      ] as const) {
        const command = rig.startCopy(list, { dataOut, unsolicited, chunk: 64 });
        assert.equal(codeOf(await command.ended), 'status 0');
      }
    }));
});

describe('RECEIVE COPY RESULTS', () => {
  test('operating parameters and VPD page 8Fh say the same', () =>
    CopyRig.with(async (rig) => {
      const { data } = await rig.run(1, copyInCdb(3, 0), { dataIn: 1024 });
      const view = new DataView(data.buffer, data.byteOffset);
      assert.equal(view.getUint32(0), data.length - 4);
      assert.deepEqual(
        [data[4], view.getUint16(8), view.getUint16(10), view.getUint32(12)],
        [1, 16, 64, 2304],
      );
      assert.deepEqual([view.getUint16(34), data[36], data[37]], [255, 255, 9]);
      assert.deepEqual([...data.subarray(43)], [2, 0x02, 0xe4]);
      const page = (await rig.run(1, [0x12, 1, 0x8f, 4, 0, 0], { dataIn: 1024 })).data;
      const found = descriptorsIn(page);
      assert.deepEqual([...found.keys()], [0x0000, 0x0001, 0x0004, 0x0008, 0x000c, 0x0106, 0x0108, 0x8001]);
      assert.deepEqual(
        [...(found.get(0x0001) ?? [])],
        [14, 0x83, 5, 0x00, 0x01, 0x10, 0x11, 0x1c, 0x84, 5, 0x00, 0x03, 0x04, 0x05, 0x07, 0],
      );
      assert.deepEqual([...(found.get(0x0004) ?? [])].slice(4, 12), [...data.subarray(8, 16)]);
      assert.deepEqual([...(found.get(0x0008) ?? [])], [2, 0x02, 0xe4, 0]);
      assert.deepEqual([...(found.get(0x000c) ?? [])], [0, 2, 0xff, 0xff]);
      assert.deepEqual([...(found.get(0x8001) ?? [])].slice(8, 12), [...data.subarray(16, 20)]);
    }));

  test('the status of a copy that has ended: once for LID1, as often as one likes for LID4', () =>
    CopyRig.with(async (rig) => {
      const segments = [segment({ blocks: 8 }), segment({ blocks: 3 })];
      await rig.copy(rig.list({ listIdentifier: 7, segments }));
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 8), { dataIn: 64 })), '05/24/00');
      for (let times = 0; times < 2; times += 1) {
        const { data } = await rig.run(1, copyInCdb(5, 7), { dataIn: 64 });
        assert.deepEqual([data.length, data[3], data[5], data[12]], [32, 28, 0x01, 0]);
        assert.deepEqual([...data.subarray(20, 26)], [0, 0, 11 * 2, 0, 0, 2], 'bytes and segments');
      }
      const { data } = await rig.run(1, copyInCdb(0, 7), { dataIn: 64 });
      assert.deepEqual([...data], [0, 0, 0, 8, 1, 0, 2, 0, 0, 0, 11 * 2, 0]);
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 7), { dataIn: 64 })), '05/24/00');
      assert.deepEqual([...(await rig.run(1, copyInCdb(4, 7), { dataIn: 64 })).data], [0, 0, 0, 0]);
    }));

  test('another nexus, LIST ID USAGE 10b and 11b: as if there had been no copy', () =>
    CopyRig.with(async (rig) => {
      const other = rig.openNexus('iqn.test:two');
      await rig.copy(rig.list({ listIdentifier: 7, segments: [segment({ blocks: 8 })] }));
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 7), { dataIn: 64, nexus: other })), '05/24/00');
      for (const [usage, listIdentifier] of [
        [2, 9],
        [3, 0],
      ] as const) {
        await rig.copy(rig.list({ listIdentifier, usage, segments: [segment({ blocks: 8 })] }));
        assert.equal(codeOf(await rig.run(1, copyInCdb(0, listIdentifier), { dataIn: 64 })), '05/24/00');
      }
      rig.router.closeNexus(other, 'logout');
    }));

  test('the oldest results go when there are too many, and all with the nexus', () =>
    CopyRig.with(async (rig) => {
      const copy = (listIdentifier: number) =>
        rig.copy(rig.list({ listIdentifier, segments: [segment({ blocks: 1 })] }));
      for (let identifier = 0; identifier <= 16; identifier += 1) await copy(identifier);
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 0), { dataIn: 64 })), '05/24/00');
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 1), { dataIn: 64 })), 'status 0');
      assert.equal(codeOf(await rig.run(1, copyInCdb(0, 16), { dataIn: 64 })), 'status 0');
    }));
});

function descriptorsIn(page: Uint8Array): Map<number, Uint8Array> {
  const view = new DataView(page.buffer, page.byteOffset);
  assert.equal(view.getUint16(2), page.length - 4);
  const found = new Map<number, Uint8Array>();
  for (let at = 4; at < page.length; at += 4 + view.getUint16(at + 2)) {
    assert.equal(view.getUint16(at + 2) % 4, 0);
    found.set(view.getUint16(at), page.subarray(at + 4, at + 4 + view.getUint16(at + 2)));
  }
  return found;
}
