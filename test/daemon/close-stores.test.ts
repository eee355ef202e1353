import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeStores } from '../../src/daemon/close-stores.ts';
import type { DiskFile } from '../../src/env/disk.ts';
import { StopLimits } from '../../src/limits.ts';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { HeldStore } from '../support/held-store.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { silentLog } from '../support/scsi.ts';

const SIZE = { byteLength: 1 << 20, blockLength: 512 };

/** A disk whose flush is the held store's. */
function diskWith(held: HeldStore): { file: DiskFile; isClosed: () => boolean } {
  let closed = false;
  const unused = () => assert.fail('not used in closing');
  const file: DiskFile = {
    ...SIZE,
    discardZeroes: true,
    readCached: unused,
    read: unused,
    write: unused,
    flush: (done) => held.store.flush(done),
    discard: unused,
    writeZeroes: unused,
    extentAt: unused,
    space: unused,
    grow: unused,
    close: async () => {
      closed = true;
    },
  };
  return { file, isClosed: () => closed };
}

function rig() {
  const errors: string[] = [];
  const log = {
    ...silentLog,
    error: (fields: object, message: string) =>
      void errors.push(`${'unit' in fields ? fields.unit : ''}: ${message}`),
  };
  const held = new HeldStore(new MemoryStore(SIZE));
  const disk = diskWith(held);
  const stuck = { unit: 'vol-a', store: new DiskStore(disk.file, SIZE.byteLength, SIZE.blockLength) };
  const well = { unit: 'vol-b', store: new MemoryStore(SIZE) };
  const clock = new ManualClock();
  return { errors, held, disk, clock, closing: () => closeStores([stuck, well], clock, log) };
}

test('a stop waits for the last flush of a slow disk', async () => {
  const { errors, held, disk, clock, closing } = rig();
  const clean = closing();
  await held.atLeast(1);
  clock.pass(StopLimits.storesMilliseconds - 1);
  held.open();
  assert.equal(await clean, true);
  assert.equal(disk.isClosed(), true);
  assert.deepEqual(errors, []);
});

test('a stop does not wait for ever for a store that does not answer, and says which it was', async () => {
  const { errors, held, disk, clock, closing } = rig();
  const clean = closing();
  await held.atLeast(1);
  clock.pass(StopLimits.storesMilliseconds);
  assert.equal(await clean, false);
  assert.equal(disk.isClosed(), false);
  assert.deepEqual(errors, [
    'vol-a: the store does not answer: what was not flushed may be lost if the machine fails',
  ]);
});

test('a store whose last flush fails makes the stop unclean', async () => {
  const errors: string[] = [];
  const log = { ...silentLog, error: (_: object, message: string) => void errors.push(message) };
  const store = { close: () => Promise.reject(new Error('the last flush failed')) };
  assert.equal(await closeStores([{ unit: 'vol-a', store }], new ManualClock(), log), false);
  assert.deepEqual(errors, ['a store could not be flushed and closed']);
});
