import assert from 'node:assert/strict';
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Random } from '../../env/random.ts';
import type { BlockStore } from '../../stores/block-store.ts';
import { type Sense, sense, senseText } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { type CommandSpec, commandOf, usesOnlyKnownFields } from '../command-table.ts';
import { ConflictClass } from '../conflict-table.ts';
import { DiscardedData } from '../discarded-data.ts';
import {
  type Command,
  type LogicalUnit,
  type NexusLoss,
  type Task,
  TaskManagementFunction,
  type TaskManagementResponse,
} from '../logical-unit.ts';
import { type Nexus, nexusKey } from '../nexus.ts';
import type { Order } from '../order.ts';
import type { UnitIdentity } from '../unit-identity.ts';
import { handlers } from './handlers.ts';
import { Reservations } from './reservations/reservations.ts';
import type { InitiatorPort } from './reservations/transport-ids.ts';
import { RodTokens } from './rod-tokens.ts';
import { StoreWatch } from './store-watch.ts';
import { TaskSet } from './task-set.ts';
import { UnitAttentions } from './unit-attentions.ts';
import { TaskState, type TaskUnit, type UnitTask } from './unit-task.ts';
import { WriteGate } from './write-gate.ts';

export interface LocalUnitOptions {
  readonly identity: UnitIdentity;
  /** At least as long as the identity says, in blocks of the same length. */
  readonly store: BlockStore;
  readonly pool: BufferPool;
  readonly clock: Clock;
  readonly order: Order;
  readonly log: Log;
  /** Default: kept in memory, for the port where a command arrives. */
  readonly reservations?: Reservations;
  /** For ROD tokens; without it none are made. */
  readonly random?: Random;
}

/** A logical unit that this system owns: its task set, its unit attentions, its mode pages, over a block store. */
export class LocalUnit implements LogicalUnit, TaskUnit {
  readonly identity: UnitIdentity;
  readonly isLocal = true;
  readonly store: BlockStore;
  readonly pool: BufferPool;
  readonly reservations: Reservations;
  readonly tokens: RodTokens | null;
  writeCacheEnabled: boolean;
  readonly #log: Log;
  readonly #gate: WriteGate;
  readonly #tasks: TaskSet;
  readonly #watch: StoreWatch;
  readonly #attentions = new UnitAttentions();

  constructor(options: LocalUnitOptions) {
    const { identity, store } = options;
    assert.equal(store.blockLength, identity.blockLength, `${identity.name}: block length of the store`);
    assert.ok(
      store.byteLength >= identity.blockCount * identity.blockLength,
      `${identity.name}: a short store`,
    );
    this.identity = identity;
    this.store = store;
    this.pool = options.pool;
    this.#log = options.log;
    this.writeCacheEnabled = store.writeCache;
    this.reservations = options.reservations ?? new Reservations({ store: null, relativePorts: [] });
    const { clock, random } = options;
    this.tokens = random === undefined ? null : new RodTokens({ identity, clock, random });
    this.#gate = new WriteGate({
      tokens: this.tokens,
      order: options.order,
      clock: options.clock,
      blockLength: identity.blockLength,
      blockCount: identity.blockCount,
      again: (task) => this.#tasks.start(task),
      refuse: (task) => this.#refuseUnproven(task),
    });
    this.#tasks = new TaskSet(this.#gate);
    this.#watch = new StoreWatch(identity.name, this.#tasks, this.#log);
  }

  /** Tasks that had to wait until their initiator was proven to be there, and those that were refused for want of it. */
  get freshness(): { readonly held: number; readonly refused: number } {
    const { held, refused } = this.#gate;
    return { held, refused };
  }

  /** Tasks in the task set. */
  get taskCount(): number {
    return this.#tasks.size;
  }

  get available(): boolean {
    return !this.#watch.stuck;
  }

  /** Once every `lookMilliseconds`: whether the store answers. `available` may have changed then. */
  look(): void {
    this.#watch.look();
  }

  execute(command: Command): Task {
    const spec = commandOf(command.cdb);
    if (spec === 'noOperation' || (spec !== 'noServiceAction' && spec.runsAt === 'here')) {
      return this.#refuse(command, this.#attentions.take(command.nexus) ?? sense.invalidOperationCode());
    }
    const attention = this.#attentions.peek(command.nexus);
    if (attention !== null) return this.#attend(command, spec, attention);
    if (this.#watch.stuck) return this.#refuse(command, sense.notReadyUnavailable());
    if (spec === 'noServiceAction' || !usesOnlyKnownFields(spec, command.cdb)) {
      return this.#refuse(command, sense.invalidFieldInCdb());
    }
    return this.#run(command, spec);
  }

  manage(
    nexus: Nexus,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse) => void,
  ): void {
    // What the store holds can't be taken back, and nothing else is in the task set: the function does nothing.
    if (this.#watch.stuck) return done('rejected');
    switch (what) {
      case TaskManagementFunction.abortTask:
        return this.#abortTask(nexus, tag, done);
      case TaskManagementFunction.abortTaskSet: {
        const tasks = this.#tasks.select((task) => task.command.nexus === nexus);
        return abortAll(tasks, () => done('complete'));
      }
      case TaskManagementFunction.clearTaskSet:
        return this.#clearTaskSet(nexus, () => done('complete'));
      case TaskManagementFunction.logicalUnitReset:
        return this.#reset(() => done('complete'));
      case TaskManagementFunction.clearAca:
        // No command makes an ACA condition here: INQUIRY says NORMACA 0.
        return done('rejected');
      default:
        return what satisfies never;
    }
  }

  nexusLost(nexus: Nexus, why: NexusLoss): void {
    const tasks = this.#tasks.select((task) => task.command.nexus === nexus);
    if (tasks.length > 0) {
      const fields = { unit: this.identity.name, nexus: nexus.id, why, tasks: tasks.length };
      this.#log.info(fields, 'the tasks of a lost nexus are aborted');
    }
    this.#attentions.lose(nexus);
    this.#gate.lose(nexus);
    this.tokens?.lose(nexus);
    this.reservations.release(nexus);
    abortAll(tasks, () => {});
  }

  takeUnitAttention(nexus: Nexus): Sense | null {
    return this.#attentions.take(nexus);
  }

  establishUnitAttention(attention: Sense, except: Nexus | null): void {
    this.#attentions.establish(attention, except);
  }

  tell(attention: Sense, nexusKeys: ReadonlySet<string>): void {
    for (const nexus of this.#attentions.nexuses()) {
      if (nexusKeys.has(nexusKey(nexus))) this.#attentions.establishFor(nexus, attention);
    }
  }

  initiatorPorts(): readonly InitiatorPort[] {
    return [...this.#attentions.nexuses()];
  }

  enforceReservation(by: UnitTask, aborted: ReadonlySet<string>, done: () => void): void {
    const victims = this.#tasks.select(
      (task) => task !== by && aborted.size > 0 && aborted.has(nexusKey(task.command.nexus)),
    );
    for (const nexus of new Set(victims.map((task) => task.command.nexus))) {
      if (nexus !== by.command.nexus) this.#attentions.establishFor(nexus, sense.commandsCleared());
    }
    const forbidden = this.#tasks.select(
      (task) => task.state === TaskState.running && this.reservations.forbids(task.spec, task.command),
    );
    let left = forbidden.length + 1;
    const one = () => {
      left -= 1;
      if (left === 0) done();
    };
    abortAll(victims, one);
    for (const task of forbidden) task.whenQuiet(one);
  }

  isChanging(first: number, end: number): boolean {
    const found = this.#tasks.select(
      ({ state, spec: { conflict }, firstBlock, endBlock }) =>
        state === TaskState.running &&
        (conflict === ConflictClass.wholeUnit ||
          (conflict === ConflictClass.write && firstBlock < end && first < endBlock)),
    );
    return found.length > 0;
  }

  taskEnded(task: UnitTask): void {
    this.#tasks.remove(task);
  }

  #run(command: Command, spec: CommandSpec): Task {
    if (this.#tasks.full) return this.#end(command, Status.taskSetFull, null);
    const handler = handlers[spec.index];
    if (handler === undefined) assert.fail(`no handler for ${spec.name}`);
    const task = handler(this, command, spec);
    const problem = task.prepare();
    if (problem !== null) return this.#refuse(command, problem);
    this.#tasks.add(task);
    return task;
  }

  /** SAM-5 5.3.3: a reset comes before RESERVATION CONFLICT, and that before every other unit attention. */
  #attend(command: Command, spec: CommandSpec | 'noServiceAction', attention: Sense): Task {
    const comesFirst = attention.asc === sense.unitReset().asc || spec === 'noServiceAction';
    if (!comesFirst && this.reservations.forbids(spec, command)) {
      return this.#end(command, Status.reservationConflict, null);
    }
    return this.#refuse(command, this.#attentions.take(command.nexus) ?? attention);
  }

  #refuse(command: Command, reason: Sense): Task {
    const fields = { unit: this.identity.name, nexus: command.nexus.id, operation: command.cdb[0] };
    this.#log.debug({ ...fields, sense: senseText(reason) }, 'a command was not run');
    return this.#end(command, Status.checkCondition, reason);
  }

  #end(command: Command, status: number, reason: Sense | null): Task {
    command.complete({ status, sense: reason, presentedLength: 0 });
    return new DiscardedData(this.pool);
  }

  #refuseUnproven(task: UnitTask): void {
    const { id, initiatorName, port } = task.command.nexus;
    const fields = { unit: this.identity.name, nexus: id, initiator: initiatorName, port: port.name };
    this.#log.warn(fields, 'a write was answered BUSY: its initiator does not answer NOP-In on this path');
    task.endBusy();
  }

  #abortTask(nexus: Nexus, tag: number, done: (response: TaskManagementResponse) => void): void {
    const tasks = this.#tasks.select((task) => task.command.nexus === nexus && task.command.tag === tag);
    if (tasks.length === 0) return done('taskDoesNotExist');
    abortAll(tasks, () => done('complete'));
  }

  /** SAM-5 7.5: all nexuses share the task set; the others are told (TAS is 0). */
  #clearTaskSet(nexus: Nexus, done: () => void): void {
    const tasks = this.#tasks.select(() => true);
    const others = new Set(tasks.map((task) => task.command.nexus));
    others.delete(nexus);
    for (const other of others) this.#attentions.establishFor(other, sense.commandsCleared());
    abortAll(tasks, done);
  }

  /** SAM-5 6.3.3. */
  #reset(done: () => void): void {
    this.#log.info({ unit: this.identity.name, tasks: this.#tasks.size }, 'logical unit reset');
    this.writeCacheEnabled = this.store.writeCache;
    this.reservations.reset();
    this.#attentions.establish(sense.unitReset(), null);
    abortAll(
      this.#tasks.select(() => true),
      done,
    );
  }
}

/** All are marked first: none of them starts because another has gone. */
function abortAll(tasks: readonly UnitTask[], done: () => void): void {
  let left = tasks.length;
  if (left === 0) return done();
  for (const task of tasks) task.aborting = true;
  for (const task of tasks) {
    task.abort(() => {
      left -= 1;
      if (left === 0) done();
    });
  }
}
