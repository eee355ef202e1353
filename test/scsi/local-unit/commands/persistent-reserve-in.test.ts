import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../../src/buffers/buffer-pool.ts';
import type { DiskDone } from '../../../../src/env/disk.ts';
import { LocalUnit } from '../../../../src/scsi/local-unit/local-unit.ts';
import { Reservations } from '../../../../src/scsi/local-unit/reservations/reservations.ts';
import { makeUnitIdentity } from '../../../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../../../src/stores/memory/memory-store.ts';
import { u32 } from '../../../../src/wire/scsi/bytes.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { silentLog, testNexus, testOrder } from '../../../support/scsi.ts';
import { TestCommand } from '../../../support/test-command.ts';

const size = { byteLength: 1 << 20, blockLength: 512 };
const READ_KEYS = [0x5e, 0, 0, 0, 0, 0, 0, 0, 255, 0];
const Action = { register: 0, clear: 3 } as const;

/** A unit whose reservations are saved when the test says so. */
function unitWithHeldRecord() {
  const saving: DiskDone[] = [];
  const record = { saved: null, save: (_: Uint8Array, done: DiskDone) => void saving.push(done) };
  const unit = new LocalUnit({
    identity: makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size }),
    store: new MemoryStore(size),
    pool: new BufferPool(1 << 20),
    clock: new ManualClock(),
    order: testOrder,
    log: silentLog,
    reservations: new Reservations({ store: record, relativePorts: [] }),
  });
  const endSave = () => {
    const done = saving.shift();
    assert.ok(done !== undefined);
    done(null);
  };
  return { unit, endSave };
}

/** Key 1 is registered, with APTPL, or what it stands for is cleared. */
function reserveOut(action: number): { cdb: number[]; dataOut: Uint8Array } {
  const dataOut = new Uint8Array(24);
  dataOut[action === Action.register ? 15 : 7] = 1;
  if (action === Action.register) dataOut[20] = 1;
  return { cdb: [0x5f, action, 0, 0, 0, 0, 0, 0, 24, 0], dataOut };
}

// Found by seed 87149 of the simulator: its client's next session could see keys that were cleared behind that.
test('no change whose client has gone comes into force behind an answer that does not show it', () => {
  const { unit, endSave } = unitWithHeldRecord();
  const before = testNexus();
  unit.takeUnitAttention(before);
  const registered = new TestCommand({ nexus: before, ...reserveOut(Action.register) }).start(unit);
  endSave();
  assert.equal(registered.outcome?.status, 0);
  new TestCommand({ nexus: before, ...reserveOut(Action.clear) }).start(unit);
  unit.nexusLost(before, 'linkLost');
  const after = testNexus();
  unit.takeUnitAttention(after);
  const asked = new TestCommand({ nexus: after, cdb: READ_KEYS, dataIn: 255 }).start(unit);
  const isAnswered = () => asked.outcome !== null;
  assert.equal(isAnswered(), false);
  endSave();
  const data = asked.outcome?.data ?? new Uint8Array(8).fill(0xff);
  assert.equal(u32(data, 4), 0, 'no keys');
});
