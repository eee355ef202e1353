import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { ScsiLimits } from '../../../src/limits.ts';
import { commandOf } from '../../../src/scsi/command-table.ts';
import { taskOf } from '../../../src/scsi/local-unit/handlers.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { UnitTask } from '../../../src/scsi/local-unit/unit-task.ts';
import { type Task, TaskAttribute, TaskManagementFunction } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { FieldWatch } from '../../support/fields.ts';
import { HeldStore } from '../../support/held-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, pattern, silentLog, testNexus, testOrder } from '../../support/scsi.ts';
import { TestCommand, type TestCommandOptions } from '../../support/test-command.ts';

const BLOCK = 512;
const BYTES = 4 << 20;
const READ_10 = 0x28;
const WRITE_10 = 0x2a;

function rig() {
  const held = new HeldStore(new MemoryStore({ byteLength: BYTES, blockLength: BLOCK }));
  const pool = new BufferPool(8 << 20);
  const description = { name: 'vol-a', owner: 'alpha', blockLength: BLOCK, byteLength: BYTES };
  const identity = makeUnitIdentity('demo', description);
  const parts = { pool, clock: new ManualClock(), order: testOrder, log: silentLog };
  const unit = new LocalUnit({ identity, store: held.store, ...parts });
  const answers: (() => void)[] = [];
  const nexus = testNexus();
  const doubtful = testNexus('iqn.2026-11.test:two', undefined, undefined, (answered) =>
    answers.push(answered),
  );
  for (const each of [nexus, doubtful]) unit.takeUnitAttention(each);
  const start = (cdb: Uint8Array, options: Partial<TestCommandOptions> = {}) =>
    new TestCommand({ nexus, cdb, ...options }).start(unit);
  const write = (lba: number, options: Partial<TestCommandOptions> = {}, blocks = 1) =>
    start(blockCdb(WRITE_10, lba, blocks), { dataOut: pattern(blocks * BLOCK, lba), ...options });
  const read = (lba: number, options: Partial<TestCommandOptions> = {}, blocks = 1) =>
    start(blockCdb(READ_10, lba, blocks), { dataIn: blocks * BLOCK, ...options });
  return { held, pool, unit, nexus, doubtful, answers, write, read };
}

function unitTask(task: Task): UnitTask {
  assert.ok(task instanceof UnitTask);
  return task;
}

/** Ends the loan. Gives the task, which may be another command's from now on. */
function letGo(command: TestCommand): Task {
  const { task } = command;
  command.letGo();
  return task;
}

describe('a task that begins again', () => {
  for (const kind of ['read', 'write'] as const) {
    test(`has nothing of its last command, whatever became of that: ${kind}`, () => {
      const rigged = rig();
      const { held, unit, pool, nexus, doubtful, answers, write, read } = rigged;
      const [short, long] = [kind === 'read' ? read(0) : write(0), (1 << 20) / BLOCK + 8];
      held.runOne();
      const spec = commandOf(short.cdb);
      assert.ok(typeof spec !== 'string');
      const watch = new FieldWatch(taskOf(unit, short, spec));
      const life = (command: TestCommand, until: (task: UnitTask, look: () => void) => void) => {
        const task = unitTask(command.task);
        const look = () => watch.look(task);
        look();
        until(task, look);
        look();
        task.begin(short);
        watch.assertFresh(task);
      };
      const begin = kind === 'read' ? read : write;
      const between = (lba: number) => {
        const older = write(lba);
        const command = begin(lba);
        const newer = write(lba);
        return { older, command, newer };
      };
      // To its end, by way of the store, in two pieces, with data that comes late.
      life(begin(0, { unsolicited: 100 * BLOCK, chunk: 30 * BLOCK, readSet: 65536 }, long), (task, look) => {
        for (look(); held.calls.length > 0; look()) held.runOne();
        task.dataOutBuffer(0, BLOCK);
        look();
        task.dataOutArrived();
      });
      // While data comes.
      life(begin(0, { supplies: false, credit: 0 }, long), (task, look) => {
        task.grant(700 * BLOCK);
        if (kind === 'write') task.dataOutBuffer(0, 3 * BLOCK);
        look();
        unit.manage(nexus, TaskManagementFunction.clearTaskSet, 0, () => {});
        task.dataOutArrived();
        held.runOne();
      });
      // In a row, and aborted in the store by another nexus, with TAS.
      unit.changeModes({ ...unit.modes.current, taskAbortedStatus: true }, nexus);
      const row = between(0);
      life(row.command, (task, look) => {
        held.runOne();
        task.whenQuiet(() => {});
        unit.look();
        unit.look();
        look();
        unit.manage(doubtful, TaskManagementFunction.clearTaskSet, 0, () => {});
        look();
        held.open();
      });
      held.holding = true;
      // Left to the store.
      life(begin(0), (task, look) => {
        for (let at = 0; at <= ScsiLimits.storeCallMilliseconds; at += ScsiLimits.lookMilliseconds)
          unit.look();
        look();
        assert.ok(task.isLeft);
        held.runOne();
      });
      // Held by the gate.
      unit.look();
      held.holding = false;
      letGo(write(0));
      unit.takeUnitAttention(doubtful);
      life(begin(0, { nexus: doubtful }), () => answers.shift()?.());
      // And let go of.
      life(begin(8), (task) => task.letGo());
      // The gate holds no read, and a read is sending only while it calls its transport. A write has no buffer of its own.
      const ofKind = kind === 'read' ? ['#hasRead', '#sending', 'heldAt'] : ['#stored', 'scratch'];
      watch.assertAllChangedBut('#result', ...ofKind, 'spec', 'unit');
      assert.equal(unit.taskCount, 0);
      assert.equal(pool.leasedBytes, 0);
    });
  }

  test('is the last one of its command of which the unit and the transport have let go', () => {
    const { held, write, read } = rig();
    held.holding = false;
    const [first, other] = [letGo(write(0)), letGo(read(0))];
    assert.equal(write(8).task, first);
    assert.equal(read(8).task, other);
    assert.notEqual(write(16).task, first, 'its transport has not let go of it');
  });

  test('is not one whose command its transport lets go of while the store works for it', () => {
    const { held, unit, write } = rig();
    const command = write(0);
    const { task } = command;
    for (let at = 0; at <= ScsiLimits.storeCallMilliseconds; at += ScsiLimits.lookMilliseconds) unit.look();
    assert.equal(command.outcome?.how, 'unknown');
    command.letGo();
    held.runOne();
    unit.look();
    held.holding = false;
    assert.equal(unit.taskCount, 0);
    assert.notEqual(write(0).task, task);
  });

  test('is not one that was aborted', () => {
    const { held, unit, nexus, write } = rig();
    const command = write(0);
    unit.manage(nexus, TaskManagementFunction.abortTask, command.tag, () => {});
    held.runOne();
    assert.equal(command.outcome?.how, 'aborted');
    const aborted = letGo(command);
    assert.notEqual(write(0).task, aborted);
  });

  test('is not one that the gate has held: its ping may be answered yet', () => {
    const { held, doubtful, answers, write } = rig();
    held.holding = false;
    write(0);
    const command = write(0, { nexus: doubtful });
    answers.shift()?.();
    assert.equal(command.outcome?.how, 'status');
    const was = letGo(command);
    assert.notEqual(write(0, { nexus: doubtful }).task, was);
  });

  test('is not one that has ended while it waited for another', () => {
    const { held, unit, write } = rig();
    const older = write(0);
    const command = write(0);
    for (let at = 0; at <= ScsiLimits.storeCallMilliseconds; at += ScsiLimits.lookMilliseconds) unit.look();
    assert.equal(command.outcome?.how, 'status');
    const waited = letGo(command);
    held.runOne();
    unit.look();
    held.holding = false;
    assert.equal(older.outcome?.how, 'unknown');
    assert.notEqual(write(0, { attribute: TaskAttribute.ordered }).task, waited);
  });

  test('may have waited, and then run', () => {
    const { held, write } = rig();
    write(0);
    const command = write(0);
    held.open();
    const waited = letGo(command);
    assert.equal(write(0).task, waited);
  });
});

describe('our own mistakes stop the process', () => {
  test('a transport that lets go twice', () => {
    const { held, write } = rig();
    held.holding = false;
    const task = letGo(write(0));
    assert.throws(() => task.letGo(), /let go of once/);
  });

  test('a store that calls back twice', () => {
    const { held, write } = rig();
    const command = write(0);
    const [call] = held.calls;
    held.runOne();
    assert.equal(command.outcome?.how, 'status');
    assert.throws(() => call?.run(), /a store calls back once/);
  });
});
