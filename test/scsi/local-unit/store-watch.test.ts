import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { ScsiLimits } from '../../../src/limits.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { Reservations } from '../../../src/scsi/local-unit/reservations/reservations.ts';
import { TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { Status } from '../../../src/wire/scsi/status.ts';
import { HeldStore } from '../../support/held-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, pattern, silentLog, testNexus, testOrder } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';

const BLOCK = 512;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;
const SYNCHRONIZE_CACHE_10 = 0x35;
const TEST_UNIT_READY = new Uint8Array(6);
const NOT_READY = [2, 0x04, 0x0c];
const LOOK = ScsiLimits.lookMilliseconds;

/** A unit whose store holds every call, and its nexus, which has had its unit attention. */
function stuckUnit(reservations = new Reservations({ store: null, relativePorts: [] })) {
  const held = new HeldStore(new MemoryStore({ byteLength: 1 << 20, blockLength: BLOCK }));
  const pool = new BufferPool(1 << 20);
  const identity = makeUnitIdentity('demo', {
    name: 'vol-a',
    owner: 'alpha',
    blockLength: BLOCK,
    byteLength: 1 << 20,
  });
  const parts = { pool, clock: new ManualClock(), order: testOrder, log: silentLog, reservations };
  const unit = new LocalUnit({ identity, store: checked(held.store), ...parts });
  const nexus = testNexus();
  unit.takeUnitAttention(nexus);
  const start = (cdb: Uint8Array, options: { dataOut?: Uint8Array; dataIn?: number } = {}) =>
    new TestCommand({ nexus, cdb, ...options }).start(unit);
  const write = (lba: number, seed: number) =>
    start(blockCdb(WRITE_10, lba, 1), { dataOut: pattern(BLOCK, seed) });
  const read = (lba: number) => start(blockCdb(READ_10, lba, 1), { dataIn: BLOCK });
  /** As many looks as fall into that time. Gives whether the unit is available then. */
  const look = (milliseconds: number) => {
    for (let passed = 0; passed < milliseconds; passed += LOOK) unit.look();
    return unit.available;
  };
  return { held, pool, unit, nexus, start, write, read, look };
}

/** The first look only sees. */
const BOUND = ScsiLimits.storeCallMilliseconds + LOOK;

function senseOf({ outcome }: TestCommand): unknown {
  const { sense } = outcome ?? {};
  return sense === null || sense === undefined ? sense : [sense.key, sense.asc, sense.ascq];
}

function isOver({ outcome }: TestCommand): boolean {
  return outcome !== null;
}

describe('a store that does not answer', () => {
  test('a write is left with its outcome unknown, at the bound and not before', () => {
    const { write, look } = stuckUnit();
    const command = write(0, 1);
    assert.equal(look(BOUND - LOOK), true);
    assert.equal(isOver(command), false);
    assert.equal(look(LOOK), false, 'the unit has become unavailable');
    assert.equal(command.outcome?.how, 'unknown');
  });

  test('so is a request that changes reservations, when what keeps them does not answer', () => {
    const never = { saved: null, save: () => {} };
    const reservations = new Reservations({ store: never, relativePorts: [] });
    const { start, look } = stuckUnit(reservations);
    const dataOut = new Uint8Array(24);
    dataOut[15] = 1;
    dataOut[20] = 1;
    const register = start(Uint8Array.of(0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0), { dataOut });
    look(BOUND);
    assert.equal(register.outcome?.how, 'unknown');
  });

  test('TASK ABORTED is not said of a write that may still be done: its outcome is unknown', () => {
    const { held, unit, nexus, write, look } = stuckUnit();
    const other = testNexus('iqn.2026-11.test:two');
    unit.takeUnitAttention(other);
    unit.changeModes({ ...unit.modes.current, taskAbortedStatus: true }, other);
    unit.takeUnitAttention(nexus);
    const command = write(0, 1);
    assert.equal(isOver(command), false, 'it is with the store');
    const answers: string[] = [];
    unit.manage(other, TaskManagementFunction.clearTaskSet, 0, (response) => answers.push(response));
    look(BOUND);
    assert.equal(command.outcome?.how, 'unknown');
    assert.deepEqual(answers, []);
    held.open();
    assert.deepEqual(answers, ['complete']);
  });

  test('a read is answered NOT READY', () => {
    const { read, look } = stuckUnit();
    const command = read(0);
    look(BOUND);
    assert.deepEqual(senseOf(command), NOT_READY);
  });

  test('a flush is given longer', () => {
    const { start, look, unit } = stuckUnit();
    const command = start(blockCdb(SYNCHRONIZE_CACHE_10, 0, 0));
    look(BOUND);
    assert.equal(unit.available, true);
    look(ScsiLimits.longStoreCallMilliseconds);
    assert.deepEqual(senseOf(command), NOT_READY);
  });

  test('what waits is answered NOT READY and never runs; so is what comes', () => {
    const { held, write, read, start, look } = stuckUnit();
    write(0, 1);
    const waiting = [write(0, 2), read(0)];
    look(BOUND);
    const late = [start(TEST_UNIT_READY), write(8, 3)];
    for (const command of [...waiting, ...late]) assert.deepEqual(senseOf(command), NOT_READY);
    held.open();
    assert.equal(held.calls.length, 0);
  });

  test('task management is rejected, with nothing done', () => {
    const { unit, nexus, write, look } = stuckUnit();
    write(0, 1);
    look(BOUND);
    const answers: string[] = [];
    for (const what of [TaskManagementFunction.logicalUnitReset, TaskManagementFunction.clearTaskSet]) {
      unit.manage(nexus, what, 0, (answer) => answers.push(answer));
    }
    assert.deepEqual(answers, ['rejected', 'rejected']);
  });

  test('when it answers, the write lands, the unit is back, and every buffer too', () => {
    const { held, pool, unit, write, read, look } = stuckUnit();
    write(0, 1);
    look(BOUND);
    held.open();
    assert.equal(look(LOOK), true);
    assert.equal(unit.taskCount, 0);
    const { outcome } = read(0);
    assert.equal(outcome?.status, Status.good);
    assert.deepEqual(Buffer.from(outcome.data), Buffer.from(pattern(BLOCK, 1)));
    assert.equal(pool.leasedBytes, 0);
  });

  test('nothing newer overtakes what it holds: the unit is back only when all of that is done', () => {
    const { held, write, look } = stuckUnit();
    write(0, 1);
    write(8, 2);
    look(BOUND);
    held.runOne();
    assert.equal(look(LOOK), false);
    held.runOne();
    assert.equal(look(LOOK), true);
  });

  test('its lost nexus changes nothing: the task stays until the store lets go', () => {
    const { held, unit, nexus, write, look } = stuckUnit();
    write(0, 1);
    look(BOUND);
    unit.nexusLost(nexus, 'linkLost');
    assert.equal(unit.taskCount, 1);
    held.open();
    assert.equal(unit.taskCount, 0);
  });
});

test('a store that is slow, but answers, is never taken for stuck', () => {
  const { held, unit, write, look } = stuckUnit();
  for (let times = 0; times < 3; times += 1) {
    const command = write(0, times);
    look(BOUND - LOOK);
    held.runOne();
    assert.equal(command.outcome?.status, Status.good);
    assert.equal(unit.available, true);
  }
});

test('who waits too long for other commands is told BUSY, and never runs', () => {
  const { held, write, look } = stuckUnit();
  const [first, second, third] = [write(0, 1), write(0, 2), write(0, 3)];
  look(BOUND - LOOK);
  held.runOne();
  assert.equal(first.outcome?.status, Status.good);
  look(ScsiLimits.waitingMilliseconds - BOUND + 2 * LOOK);
  assert.equal(third.outcome?.status, Status.busy);
  assert.equal(isOver(second), false, 'it has its own time in the store');
  held.runOne();
  assert.equal(second.outcome?.status, Status.good);
  assert.equal(held.calls.length, 0);
});
