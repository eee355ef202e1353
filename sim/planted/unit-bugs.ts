/** Bugs of the stores and of the logical units. */
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { commands } from '../../src/scsi/command-table.ts';
import { Conflict, ConflictClass, conflict } from '../../src/scsi/conflict-table.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import { TaskSet } from '../../src/scsi/local-unit/task-set.ts';
import { UnitAttentions } from '../../src/scsi/local-unit/unit-attentions.ts';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { LunMap } from '../../src/scsi/router/lun-map.ts';
import { Router } from '../../src/scsi/router/router.ts';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { changing, oneIn, type PlantedBug, replacing, type Writable } from './plant.ts';

type Spec = { -readonly [Key in keyof (typeof commands)[number]]: (typeof commands)[number][Key] };

function specOf(name: Spec['name']): Spec {
  const spec = commands.find((one) => one.name === name);
  if (spec === undefined) throw new Error(`no command ${name}`);
  return spec;
}

export const storeBugs: readonly PlantedBug[] = [
  replacing(
    'a write is acknowledged before the store has it',
    DiskStore.prototype,
    'write',
    (original) =>
      function (this: DiskStore, position, buffer, durable, done) {
        original.call(this, position, buffer.slice(), durable, () => {});
        done(null);
      },
  ),
  replacing('a flush flushes nothing', DiskStore.prototype, 'flush', () => (done) => done(null)),
  replacing(
    'the failure of a flush is not told',
    DiskStore.prototype,
    'flush',
    (original) =>
      function (this: DiskStore, done) {
        original.call(this, () => done(null));
      },
  ),
  replacing(
    'FUA is ignored',
    DiskStore.prototype,
    'write',
    (original) =>
      function (this: DiskStore, position, buffer, _durable, done) {
        original.call(this, position, buffer, false, done);
      },
  ),
  replacing('a write goes one block too far', DiskStore.prototype, 'write', (original) => {
    const strikes = oneIn(200);
    return function (this: DiskStore, position, buffer, durable, done) {
      const moved = strikes() ? Math.min(position + 512, this.byteLength - buffer.length) : position;
      original.call(this, moved, buffer, durable, done);
    };
  }),
  replacing('a write is dropped', DiskStore.prototype, 'write', (original) => {
    const strikes = oneIn(200);
    return function (this: DiskStore, position, buffer, durable, done) {
      if (strikes()) done(null);
      else original.call(this, position, buffer, durable, done);
    };
  }),
  replacing(
    'UNMAP does nothing',
    DiskStore.prototype,
    'unmap',
    () => (_position, _length, done) => done(null),
  ),
  replacing('UNMAP goes one block too far', DiskStore.prototype, 'unmap', (original) => {
    const strikes = oneIn(10);
    return function (this: DiskStore, position, length, done) {
      const longer = strikes() ? Math.min(length + 512, this.byteLength - position) : length;
      original.call(this, position, longer, done);
    };
  }),
  replacing(
    'zeroes are not written',
    DiskStore.prototype,
    'writeZeroes',
    () => (_position, _length, done) => done(null),
  ),
  replacing(
    'the failure of a write is not told',
    DiskStore.prototype,
    'write',
    (original) =>
      function (this: DiskStore, position, buffer, durable, done) {
        original.call(this, position, buffer, durable, () => done(null));
      },
  ),
  replacing('a buffer is not given back', BufferPool.prototype, 'takeBack', (original) => {
    const strikes = oneIn(5_000);
    return function (this: BufferPool, slab, length) {
      if (!strikes()) original.call(this, slab, length);
    };
  }),
];

export const unitBugs: readonly PlantedBug[] = [
  changing(
    'overlapping writes do not wait for each other',
    conflict[ConflictClass.write] as Writable<readonly Conflict[]>,
    ConflictClass.write,
    Conflict.pass,
  ),
  replacing(
    'ABORT TASK is answered before the task has gone',
    LocalUnit.prototype,
    'manage',
    (original) =>
      function (this: LocalUnit, nexus, what, tag, done) {
        if (what === TaskManagementFunction.abortTask) done('complete');
        else original.call(this, nexus, what, tag, done);
      },
  ),
  replacing('the tasks of a lost nexus go on', LocalUnit.prototype, 'nexusLost', () => () => {}),
  replacing('a LUN leads to the unit beside it', LunMap.prototype, 'find', (original) => {
    const strikes = oneIn(500);
    return function (this: LunMap, lun) {
      const found = original.call(this, lun);
      return strikes() ? (original.call(this, lun ^ 1) ?? found) : found;
    };
  }),
  replacing('the units do not hear that a session has ended', Router.prototype, 'closeNexus', () => () => {}),
  changing(
    'COMPARE AND WRITE does not keep writes out',
    specOf('compareAndWrite'),
    'conflict',
    ConflictClass.read,
  ),
  changing('UNMAP runs beside writes', specOf('unmap'), 'conflict', ConflictClass.none),
  replacing('a task that waits is forgotten', TaskSet.prototype, 'remove', (original) => {
    const strikes = oneIn(500);
    return function (this: TaskSet, task) {
      if (strikes()) task.waiters = null;
      original.call(this, task);
    };
  }),
  replacing(
    'LOGICAL UNIT RESET leaves the tasks alone',
    LocalUnit.prototype,
    'manage',
    (original) =>
      function (this: LocalUnit, nexus, what, tag, done) {
        if (what === TaskManagementFunction.logicalUnitReset) done('complete');
        else original.call(this, nexus, what, tag, done);
      },
  ),
  replacing('a unit attention is told twice', UnitAttentions.prototype, 'take', (original) => {
    const strikes = oneIn(5);
    const again = new Map<Nexus, Sense>();
    return function (this: UnitAttentions, nexus) {
      const told = again.get(nexus) ?? original.call(this, nexus);
      if (again.delete(nexus) || told === null) return told;
      if (strikes()) again.set(nexus, told);
      return told;
    };
  }),
  replacing(
    'the owner does not tell that an access state has changed',
    LocalUnit.prototype,
    'establishUnitAttention',
    () => () => {},
  ),
  replacing(
    'a task begins again while its transport has it',
    LocalUnit.prototype,
    'taskEnded',
    (original) => {
      const strikes = oneIn(100);
      return function (this: LocalUnit, task) {
        original.call(this, task);
        if (!task.aborting && strikes()) this.spares.add(task);
      };
    },
  ),
  replacing(
    'a task that was aborted begins again at once',
    LocalUnit.prototype,
    'taskEnded',
    (original) =>
      function (this: LocalUnit, task) {
        original.call(this, task);
        if (task.aborting) this.spares.add(task);
      },
  ),
];
