import assert from 'node:assert/strict';
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Log } from '../../env/log.ts';
import type { BlockStore } from '../../stores/block-store.ts';
import { type Sense, sense, senseText } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { type CommandSpec, commandOf, usesOnlyKnownFields } from '../command-table.ts';
import { DiscardedData } from '../discarded-data.ts';
import {
  type Command,
  type LogicalUnit,
  type NexusLoss,
  type Task,
  TaskManagementFunction,
  type TaskManagementResponse,
} from '../logical-unit.ts';
import type { Nexus } from '../nexus.ts';
import type { UnitIdentity } from '../unit-identity.ts';
import { handlers } from './handlers.ts';
import { StoreWatch } from './store-watch.ts';
import { TaskSet } from './task-set.ts';
import { UnitAttentions } from './unit-attentions.ts';
import type { TaskUnit, UnitTask } from './unit-task.ts';

export interface LocalUnitOptions {
  readonly identity: UnitIdentity;
  /** At least as long as the identity says, in blocks of the same length. */
  readonly store: BlockStore;
  readonly pool: BufferPool;
  readonly log: Log;
}

/** A logical unit that this system owns: its task set, its unit attentions, its mode pages, over a block store. */
export class LocalUnit implements LogicalUnit, TaskUnit {
  readonly identity: UnitIdentity;
  readonly isLocal = true;
  readonly store: BlockStore;
  readonly pool: BufferPool;
  writeCacheEnabled: boolean;
  readonly #log: Log;
  readonly #tasks = new TaskSet();
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
    this.#watch = new StoreWatch(identity.name, this.#tasks, this.#log);
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
    const attention = this.#attentions.take(command.nexus);
    if (attention !== null) return this.#refuse(command, attention);
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
    abortAll(tasks, () => {});
  }

  takeUnitAttention(nexus: Nexus): Sense | null {
    return this.#attentions.take(nexus);
  }

  establishUnitAttention(attention: Sense, except: Nexus | null): void {
    this.#attentions.establish(attention, except);
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

  #refuse(command: Command, reason: Sense): Task {
    const fields = { unit: this.identity.name, nexus: command.nexus.id, operation: command.cdb[0] };
    this.#log.debug({ ...fields, sense: senseText(reason) }, 'a command was not run');
    return this.#end(command, Status.checkCondition, reason);
  }

  #end(command: Command, status: number, reason: Sense | null): Task {
    command.complete({ status, sense: reason, presentedLength: 0 });
    return new DiscardedData(this.pool);
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
