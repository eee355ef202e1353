import { OutputQueue } from '../../src/buffers/output-queue.ts';
import { Originator } from '../../src/cluster/proxied-unit/originator.ts';
import { ProxiedTask } from '../../src/cluster/proxied-unit/proxied-task.ts';
import { ProxiedUnit } from '../../src/cluster/proxied-unit/proxied-unit.ts';
import { ReadBudget } from '../../src/cluster/proxied-unit/read-budget.ts';
import { UnitServer } from '../../src/cluster/unit-server/unit-server.ts';
import { Numbering } from '../../src/iscsi/session/numbering.ts';
import { ScsiTask } from '../../src/iscsi/transfer/scsi-task.ts';
import { LinkLimits } from '../../src/limits.ts';
import { Conflict, ConflictClass, conflict } from '../../src/scsi/conflict-table.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import { LunMap } from '../../src/scsi/router/lun-map.ts';
import { Router } from '../../src/scsi/router/router.ts';
import { DiskStore } from '../../src/stores/disk/disk-store.ts';
import { sense } from '../../src/wire/scsi/sense.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { changing, type PlantedBug, replacing } from './plant.ts';

type Writable<T> = { -readonly [Key in keyof T]: number };

const goodAtOnce = { status: Status.good, sense: null, presentedLength: 0 };
const unavailable = { status: Status.checkCondition, sense: sense.notReadyUnavailable(), presentedLength: 0 };

/** Every so many calls: a bug that always struck would be too easy. */
function oneIn(calls: number): () => boolean {
  let count = 0;
  return () => {
    count += 1;
    return count % calls === 0;
  };
}

const stores: readonly PlantedBug[] = [
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
];

const units: readonly PlantedBug[] = [
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
];

const frontEnd: readonly PlantedBug[] = [
  replacing(
    'a write of unknown outcome is acknowledged',
    ScsiTask.prototype,
    'outcomeUnknown',
    () =>
      function (this: ScsiTask) {
        this.complete(goodAtOnce);
      },
  ),
  replacing(
    'a write of unknown outcome is answered NOT READY',
    ScsiTask.prototype,
    'outcomeUnknown',
    () =>
      function (this: ScsiTask) {
        this.complete(unavailable);
      },
  ),
  replacing('the window shrinks', Numbering.prototype, 'answered', (original) => {
    const strikes = oneIn(10);
    return function (this: Numbering) {
      if (!strikes()) original.call(this);
    };
  }),
  replacing(
    'a buffer is given back while it is sent',
    OutputQueue.prototype,
    'lend',
    (original) =>
      function (this: OutputQueue, bytes, lease) {
        original.call(this, bytes, null);
        lease?.release();
      },
  ),
];

const interconnect: readonly PlantedBug[] = [
  replacing('NEXUS_CLOSE is forgotten', Originator.prototype, 'nexusLost', () => () => {}),
  replacing('a session that ends leaves its commands', ProxiedTask.prototype, 'abandon', () => () => {}),
  replacing(
    'the proxy answers ABORT TASK for the owner',
    ProxiedUnit.prototype,
    'manage',
    (original) =>
      function (this: ProxiedUnit, nexus, what, tag, done) {
        if (what === TaskManagementFunction.abortTask) done('complete');
        else original.call(this, nexus, what, tag, done);
      },
  ),
  replacing('read credit is given back twice', ReadBudget.prototype, 'giveBack', (original) => {
    const strikes = oneIn(100);
    return function (this: ReadBudget, bytes) {
      original.call(this, strikes() ? bytes * 2 : bytes);
    };
  }),
  replacing('read credit is lost', ReadBudget.prototype, 'giveBack', (original) => {
    const strikes = oneIn(100);
    return function (this: ReadBudget, bytes) {
      if (!strikes()) original.call(this, bytes);
    };
  }),
  replacing(
    'unsolicited credit is not given back',
    Originator.prototype,
    'ended',
    (original) =>
      function (this: Originator, exchange) {
        original.call(this, exchange, 0);
      },
  ),
  replacing(
    'the owner keeps its budget for write data',
    UnitServer.prototype,
    'giveBackBudget',
    () => () => {},
  ),
  replacing(
    'the owner goes on when a link has ended',
    UnitServer.prototype,
    'linkLost',
    () =>
      function (this: UnitServer) {
        this.closed = true;
      },
  ),
  replacing('a link that ends tells nobody who waits', Originator.prototype, 'linkLost', () => () => {}),
  changing('a silent link lives', LinkLimits as Writable<typeof LinkLimits>, 'silenceMilliseconds', 1e9),
  changing(
    'a link is dialed too rarely',
    LinkLimits as Writable<typeof LinkLimits>,
    'reconnectMilliseconds',
    30_000,
  ),
];

export const plantedBugs: readonly PlantedBug[] = [...stores, ...units, ...frontEnd, ...interconnect];
