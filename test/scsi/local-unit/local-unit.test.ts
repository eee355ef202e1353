import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { ScsiLimits } from '../../../src/limits.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { RecordStore } from '../../../src/stores/record/record-store.ts';
import { u32, u64 } from '../../../src/wire/scsi/bytes.ts';
import { CachedStore } from '../../support/cached-store.ts';
import { HeldStore } from '../../support/held-store.ts';
import { MemoryRecord } from '../../support/memory-record.ts';
import {
  blockCdb,
  pattern,
  silentLog,
  testNexus,
  testOrder,
  unmapCdb,
  unmapList,
} from '../../support/scsi.ts';
import { TestCommand, type TestCommandOptions } from '../../support/test-command.ts';

const BLOCK = 512;
const BLOCKS = 65536;
const TEST_UNIT_READY = [0, 0, 0, 0, 0, 0];

function memory(): MemoryStore {
  return new MemoryStore({ byteLength: BLOCK * BLOCKS, blockLength: BLOCK });
}

function make(store: BlockStore, modeStore: RecordStore | null = null, physicalBlockLength = 4096) {
  const pool = new BufferPool(1 << 20);
  const { blockLength, byteLength } = store;
  const size = { blockLength, byteLength, physicalBlockLength };
  const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size });
  const unit = new LocalUnit({
    identity,
    store: checked(store),
    pool,
    clock: new NodeClock(),
    order: testOrder,
    log: silentLog,
    modeStore,
  });
  const nexus = testNexus();
  unit.takeUnitAttention(nexus);
  const start = (
    cdb: TestCommandOptions['cdb'],
    options: Partial<Omit<TestCommandOptions, 'cdb'>> = {},
  ): TestCommand => new TestCommand({ nexus, ...options, cdb }).start(unit);
  return { unit, pool, nexus, start };
}

/** A store with a write cache, and the calls that came to it. */
function cached(): CachedStore {
  const held = new HeldStore(memory());
  held.holding = false;
  return new CachedStore(held.store, true);
}

describe('local unit: memory', () => {
  test('a cached read ends before execute returns', () => {
    const { start } = make(memory());
    assert.equal(start(blockCdb(0x28, 0, 8), { dataIn: 4096 }).outcome?.status, 0);
  });

  test('a long read never holds more than a read set beyond what it has sent', async () => {
    for (const makeStore of [memory, () => laterStore()]) {
      const { start, pool } = make(makeStore());
      const dataIn = 16 << 20;
      const command = start(blockCdb(0x28, 0, dataIn / BLOCK), { dataIn, readSet: 65536, credit: 262144 });
      assert.equal((await command.ended).data.length, dataIn);
      assert.ok(pool.peakLeasedBytes <= 262144, `${pool.peakLeasedBytes} bytes at the peak`);
      assert.equal(pool.leasedBytes, 0);
    }
  });

  test('a read without credit holds nothing', () => {
    const { start, pool, unit, nexus } = make(memory());
    const options = { dataIn: 131072, readSet: 65536, credit: 65536, grants: false };
    const command = start(blockCdb(0x28, 0, 256), options);
    assert.equal(command.sets.length, 1);
    assert.equal(pool.leasedBytes, 0);
    command.grant(65535);
    assert.equal(command.sets.length, 1, 'not enough for the rest');
    unit.nexusLost(nexus, 'logout');
    assert.equal(command.outcome?.how, 'aborted');
  });

  test('a long write never holds more than a segment', async () => {
    for (const makeStore of [memory, () => laterStore()]) {
      const { start, pool } = make(makeStore());
      const dataOut = pattern(8 << 20);
      const command = start(blockCdb(0x2a, 0, dataOut.length / BLOCK), { dataOut, unsolicited: 262144 });
      assert.equal((await command.ended).status, 0);
      assert.ok(pool.peakLeasedBytes <= ScsiLimits.writeSegmentLength);
      assert.equal(pool.leasedBytes, 0);
    }
  });

  test('a write that waits for others holds its unsolicited data alone', () => {
    const held = new HeldStore(memory());
    const { start, pool } = make(held.store);
    start(blockCdb(0x2a, 0, 8), { dataOut: pattern(4096) });
    start(blockCdb(0x2a, 0, 4096), { dataOut: pattern(2 << 20), unsolicited: 8192 });
    assert.equal(pool.leasedBytes, 4096 + 8192);
    held.open();
    assert.equal(pool.leasedBytes, 0);
  });

  test('a buffer that is being filled goes back when the transport has let go of it, however the command ends', () => {
    for (const letGo of ['dataOutArrived', 'dataOutLost'] as const) {
      const { start, pool, unit, nexus } = make(memory());
      const command = start(blockCdb(0x2a, 0, 8), { dataOut: pattern(4096), supplies: false });
      command.task.dataOutBuffer(0, 4096);
      unit.nexusLost(nexus, 'connectionLost');
      assert.equal(command.outcome?.how, 'aborted');
      assert.equal(pool.leasedBytes, 4096, 'the transport may still write into it');
      command.task[letGo]();
      assert.equal(pool.leasedBytes, 0);
    }
  });

  test('a buffer that was lost before the nexus was goes back', () => {
    const { start, pool, unit, nexus } = make(memory());
    const command = start(blockCdb(0x2a, 0, 8), { dataOut: pattern(4096), supplies: false });
    command.task.dataOutBuffer(0, 4096);
    command.task.dataOutLost();
    unit.nexusLost(nexus, 'connectionLost');
    assert.equal(command.outcome?.how, 'aborted');
    assert.equal(pool.leasedBytes, 0);
  });

  test('data out of place is a bug of the transport', () => {
    const { start } = make(memory());
    const command = start(blockCdb(0x2a, 0, 8), { dataOut: pattern(4096), supplies: false });
    assert.throws(() => command.task.dataOutBuffer(512, 512));
    assert.throws(() => command.task.dataOutBuffer(0, 4097));
  });
});

describe('local unit: task set', () => {
  test('a full task set says so, and takes commands again', () => {
    const held = new HeldStore(memory());
    const { start, unit } = make(held.store);
    const commands = Array.from({ length: ScsiLimits.maxTasksPerUnit }, () =>
      start(blockCdb(0x28, 0, 1), { dataIn: BLOCK }),
    );
    assert.equal(start(TEST_UNIT_READY).outcome?.status, 0x28);
    const other = testNexus('iqn.2026-11.test:two');
    unit.takeUnitAttention(other);
    assert.equal(start(TEST_UNIT_READY, { nexus: other }).outcome?.status, 0x08, 'none of its own will end');
    held.open();
    assert.ok(commands.every((command) => command.outcome?.status === 0));
    assert.equal(unit.taskCount, 0);
    assert.equal(start(TEST_UNIT_READY).outcome?.status, 0);
  });

  test('thousands of tasks that wait for each other end without recursion', () => {
    const held = new HeldStore(memory());
    const { start, unit } = make(held.store);
    const writes = Array.from({ length: ScsiLimits.maxTasksPerUnit }, (_, seed) =>
      start(blockCdb(0x2a, 0, 1), { dataOut: pattern(BLOCK, seed) }),
    );
    held.open();
    assert.ok(writes.every((write) => write.outcome?.status === 0));
    assert.equal(unit.taskCount, 0);
  });

  test('a reset while the store works keeps later writes of those blocks waiting for the store', () => {
    const held = new HeldStore(memory());
    const { start, unit, nexus } = make(held.store);
    start(blockCdb(0x2a, 0, 1), { dataOut: pattern(BLOCK, 1) });
    let answered = false;
    unit.manage(nexus, TaskManagementFunction.logicalUnitReset, 0, () => {
      answered = true;
    });
    unit.takeUnitAttention(nexus);
    const later = start(blockCdb(0x2a, 0, 1), { dataOut: pattern(BLOCK, 2) });
    assert.equal(held.calls.length, 1);
    assert.equal(answered, false);
    held.runOne();
    assert.equal(answered, true);
    held.open();
    assert.equal(later.outcome?.status, 0);
    assert.deepEqual(start(blockCdb(0x28, 0, 1), { dataIn: BLOCK }).outcome?.data, pattern(BLOCK, 2));
  });
});

describe('local unit: write cache', () => {
  const WCE_OFF = Uint8Array.of(0, 0, 0, 0, 0x08, 0x12, ...Array(18).fill(0));
  const selectWceOff = [0x15, 0x10, 0, 0, WCE_OFF.length, 0];

  test('FUA makes one write durable, and WCE 0 every one', () => {
    const { store, calls } = cached();
    const { start } = make(store);
    const write = (byte1: number) => start(blockCdb(0x2a, 0, 1, byte1), { dataOut: pattern(BLOCK) });
    write(0);
    write(0x08);
    assert.deepEqual(calls, ['write', 'durable write']);
    assert.equal(start(selectWceOff, { dataOut: WCE_OFF }).outcome?.status, 0);
    write(0);
    assert.deepEqual(calls.slice(2), ['flush', 'durable write']);
  });

  test('with WCE 0 UNMAP and WRITE SAME are durable too', () => {
    const { store, calls } = cached();
    const { start } = make(store);
    const list = unmapList([{ lba: 0, blocks: 8 }]);
    const both = () => {
      start(unmapCdb(list.length), { dataOut: list });
      start(blockCdb(0x93, 0, 8), { dataOut: new Uint8Array(BLOCK) });
    };
    both();
    assert.deepEqual(calls, ['unmap', 'writeZeroes']);
    start(selectWceOff, { dataOut: WCE_OFF });
    both();
    assert.deepEqual(calls.slice(2), ['flush', 'unmap', 'flush', 'writeZeroes', 'flush']);
  });

  test('MODE SENSE tells WCE: current, default and changeable; the other initiators are told of a change', () => {
    const { start, unit } = make(cached().store);
    const other = testNexus('iqn.2026-11.test:two');
    unit.takeUnitAttention(other);
    const wce = (control: number) =>
      start([0x1a, 0x08, (control << 6) | 0x08, 0, 255, 0], { dataIn: 255 }).outcome?.data[6];
    assert.deepEqual([wce(0), wce(1), wce(2)], [4, 4, 4]);
    start(selectWceOff, { dataOut: WCE_OFF });
    assert.deepEqual([wce(0), wce(1), wce(2)], [0, 4, 4]);
    assert.equal(unit.takeUnitAttention(other)?.asc, 0x2a);
  });

  test('a store without a write cache says WCE 0, and is not given one', () => {
    const { start } = make(memory());
    const data = start([0x1a, 0x08, 0x08, 0, 255, 0], { dataIn: 255 }).outcome?.data;
    assert.equal(data?.[6], 0);
    const list = WCE_OFF.with(6, 4);
    assert.equal(start(selectWceOff, { dataOut: list }).outcome?.sense?.asc, 0x26);
  });
});

describe('local unit: blocks', () => {
  const PIB = 2 ** 50;
  const shapes = [
    { name: '512 bytes', blockLength: 512, physicalBlockLength: 512, exponent: 0 },
    { name: '512 bytes on 4 KiB', blockLength: 512, physicalBlockLength: 4096, exponent: 3 },
    { name: '4 KiB', blockLength: 4096, physicalBlockLength: 4096, exponent: 0 },
  ];

  for (const { name, exponent, ...blocks } of shapes) {
    test(`READ CAPACITY of ${name}, up to 1 PiB`, () => {
      for (const byteLength of [1 << 20, 2 ** 41, 2 ** 44, PIB]) {
        const store = new MemoryStore({ byteLength, blockLength: blocks.blockLength });
        const { start } = make(store, null, blocks.physicalBlockLength);
        const last = byteLength / blocks.blockLength - 1;
        const sixteen = start(blockCdb(0x9e, 0, 32, 0x10), { dataIn: 32 }).outcome?.data ?? new Uint8Array(0);
        assert.deepEqual([u64(sixteen, 0), u32(sixteen, 8)], [last, blocks.blockLength]);
        assert.deepEqual(
          [sixteen[13], (sixteen[14] ?? 0) & 0x3f, sixteen[15]],
          [exponent, 0, 0],
          'aligned at 0',
        );
        const ten = start(blockCdb(0x25, 0, 0), { dataIn: 8 }).outcome?.data ?? new Uint8Array(0);
        assert.deepEqual([u32(ten, 0), u32(ten, 4)], [Math.min(last, 0xffff_ffff), blocks.blockLength]);
        const end = start(blockCdb(0x88, last, 1), { dataIn: blocks.blockLength });
        assert.equal(end.outcome?.status, 0);
        assert.equal(start(blockCdb(0x88, last + 1, 1), { dataIn: 4096 }).outcome?.sense?.asc, 0x21);
        const data = pattern(blocks.blockLength);
        assert.equal(start(blockCdb(0x8a, last, 1), { dataOut: data }).outcome?.status, 0);
        assert.deepEqual(start(blockCdb(0x88, last, 1), { dataIn: 4096 }).outcome?.data, data);
      }
    });
  }
});

describe('local unit: saved mode pages', () => {
  const TAS = Uint8Array.of(0, 0, 0, 0, 0x0a, 0x0a, 0x02, 0, 0, 0x40, 0, 0, 0, 0, 0, 0);
  const saveTas = [0x15, 0x11, 0, 0, TAS.length, 0];
  const control = (which: number) => [0x1a, 0x08, (which << 6) | 0x0a, 0, 255, 0];
  const WCE_OFF = Uint8Array.of(0, 0, 0, 0, 0x08, 0x12, ...Array(18).fill(0));

  test('a unit that is made anew has what was saved', () => {
    const record = new MemoryRecord();
    const before = make(cached().store, record);
    assert.equal(before.start(saveTas, { dataOut: TAS }).outcome?.status, 0);
    before.start([0x15, 0x11, 0, 0, WCE_OFF.length, 0], { dataOut: WCE_OFF });
    const { start, unit } = make(cached().store, record);
    for (const which of [0, 3]) assert.equal(start(control(which), { dataIn: 255 }).outcome?.data[9], 0x40);
    assert.equal(start(control(2), { dataIn: 255 }).outcome?.data[9], 0);
    assert.equal(unit.modes.current.writeCacheEnabled, false);
  });

  test('WCE that was saved does not give a cache to a store that has none', () => {
    const record = new MemoryRecord();
    make(cached().store, record).start(saveTas, { dataOut: TAS });
    assert.equal(make(memory(), record).unit.modes.current.writeCacheEnabled, false);
  });

  test('a record of pages that are not known counts as far as it is', () => {
    const record = new MemoryRecord();
    record.saved = Uint8Array.of(0xbf, 0x02, 0xff, 0xff, ...TAS.subarray(4), 0xdc, 0x02, 0x00, 0x01, 0xff);
    const { modes } = make(memory(), record).unit;
    assert.deepEqual([modes.current.taskAbortedStatus, modes.current.descriptorSense], [true, false]);
    record.saved = Uint8Array.of(0x0a, 0x0a, 0x02);
    assert.throws(() => make(memory(), record), /not known/);
  });

  test('without a place for them nothing can be saved, and PS says so', () => {
    const { start } = make(memory());
    assert.equal(start(control(0), { dataIn: 255 }).outcome?.data[4], 0x0a);
    assert.equal(start(control(3), { dataIn: 255 }).outcome?.sense?.asc, 0x39);
    assert.equal(start(saveTas, { dataOut: TAS }).outcome?.sense?.asc, 0x24);
  });
});

describe('local unit: unit attentions', () => {
  test('lost nexuses are remembered up to a limit', () => {
    const { unit } = make(memory());
    const lose = (name: string) => {
      const nexus = testNexus(name);
      unit.takeUnitAttention(nexus);
      unit.nexusLost(nexus, 'connectionLost');
    };
    lose('iqn.test:first');
    for (let index = 0; index < ScsiLimits.lostNexusesPerUnit; index += 1) lose(`iqn.test:${index}`);
    assert.equal(unit.takeUnitAttention(testNexus('iqn.test:first'))?.ascq, 0x00);
    assert.equal(unit.takeUnitAttention(testNexus('iqn.test:0'))?.ascq, 0x07);
  });

  test('the queue of a nexus is bounded', () => {
    const { unit, nexus } = make(memory());
    for (let ascq = 0; ascq < 100; ascq += 1) {
      unit.establishUnitAttention({ key: 6, asc: 0x3f, ascq, information: null }, null);
    }
    let count = 0;
    while (unit.takeUnitAttention(nexus) !== null) count += 1;
    assert.equal(count, ScsiLimits.unitAttentionsPerNexus);
  });
});

function laterStore(): BlockStore {
  return new MemoryStore({
    byteLength: BLOCK * BLOCKS,
    blockLength: BLOCK,
    later: (run) => setImmediate(run),
  });
}
