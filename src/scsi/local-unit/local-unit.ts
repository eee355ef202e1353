import assert from 'node:assert/strict';
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { BlockStore, StoreDone } from '../../stores/block-store.ts';
import { type ModeValues, modeNames } from '../../wire/scsi/mode-pages.ts';
import { type Sense, sense, senseText } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import {
  type CommandSpec,
  changesMedium,
  unknownField,
  unknownServiceAction,
  usesOnlyKnownFields,
} from '../command-table.ts';
import { DiscardedData } from '../discarded-data.ts';
import {
  type Command,
  type LogicalUnit,
  type NexusLoss,
  type Task,
  TaskAttribute,
  TaskManagementFunction,
  type TaskManagementResponse,
} from '../logical-unit.ts';
import { type Nexus, nexusKey } from '../nexus.ts';
import { supportedCommandOf } from '../supported-commands.ts';
import { thresholdOf } from '../threshold-set.ts';
import type { UnitIdentity } from '../unit-identity.ts';
import { taskOf } from './handlers.ts';
import { IdentifyingInformation } from './identifying-information.ts';
import type { LocalUnitOptions } from './local-unit-options.ts';
import { ModeParameters } from './mode-parameters.ts';
import { refuseUnproven } from './refuse-unproven.ts';
import { Reservations } from './reservations/reservations.ts';
import type { InitiatorPort } from './reservations/transport-ids.ts';
import { RodTokens } from './rod-tokens.ts';
import { SpaceWatch } from './space-watch.ts';
import { SpareTasks } from './spare-tasks.ts';
import { StoreWatch } from './store-watch.ts';
import { TaskManagement } from './task-management.ts';
import { TaskSet } from './task-set.ts';
import type { TaskUnit } from './task-unit.ts';
import { UnitAttentions } from './unit-attentions.ts';
import type { UnitTask } from './unit-task.ts';
import { WriteGate } from './write-gate.ts';

export type UnitChange = 'senseFormat' | 'capacity';

/** A logical unit that this system owns: its task set, its unit attentions, its mode pages, over a block store. */
export class LocalUnit implements LogicalUnit, TaskUnit {
  readonly identity: UnitIdentity;
  readonly isLocal = true;
  readonly store: BlockStore;
  readonly pool: BufferPool;
  readonly reservations: Reservations;
  readonly modes: ModeParameters;
  readonly identifying: IdentifyingInformation;
  readonly clock: Clock;
  readonly tokens: RodTokens | null;
  readonly spares = new SpareTasks();
  writeProtection: Sense | null = null;
  /** Called when what other systems know of the unit has changed: before an answer tells of it. */
  onChange: (what: UnitChange) => void = () => {};
  readonly #readOnly: boolean;
  readonly #log: Log;
  readonly #gate: WriteGate;
  readonly #tasks: TaskSet;
  readonly #watch: StoreWatch;
  readonly #space: SpaceWatch | null;
  readonly #management: TaskManagement;
  readonly #attentions = new UnitAttentions();

  constructor(options: LocalUnitOptions) {
    const { identity, store } = options;
    assert.equal(store.blockLength, identity.blockLength, `${identity.name}: block length of the store`);
    assert.ok(store.thin || !identity.thinlyProvisioned, `${identity.name}: the store frees nothing`);
    const length = identity.blockCount * identity.blockLength;
    assert.ok(store.byteLength >= length, `${identity.name}: a short store`);
    this.identity = identity;
    this.store = store;
    this.pool = options.pool;
    this.#log = options.log;
    this.#readOnly = options.readOnly ?? false;
    const lowSpace = options.lowSpace ?? null;
    this.modes = new ModeParameters({
      store: options.modeStore ?? null,
      writeCache: store.writeCache,
      threshold: thresholdOf(identity, lowSpace),
    });
    this.#space = lowSpace === null ? null : this.#watchSpace(lowSpace);
    this.#protect();
    this.reservations = options.reservations ?? new Reservations({ store: null, relativePorts: [] });
    this.identifying = new IdentifyingInformation(options.identifyingStore ?? null);
    const { clock, order, random, unitCount = 1 } = options;
    this.clock = clock;
    this.tokens = random === undefined ? null : new RodTokens({ identity, clock, random });
    this.#gate = new WriteGate({
      tokens: this.tokens,
      order,
      clock,
      identity,
      unitCount,
      again: (task) => this.#tasks.start(task),
      refuse: (task) => refuseUnproven(task, this.#log),
    });
    this.#tasks = new TaskSet(this.#gate);
    this.#watch = new StoreWatch(identity.name, this.#tasks, this.#log);
    this.#management = new TaskManagement(this.#tasks, this.#attentions, this.modes);
  }

  /** Tasks that had to wait until their initiator was proven to be there, and those that were refused for want of it. */
  get freshness(): { readonly held: number; readonly refused: number } {
    return { held: this.#gate.held, refused: this.#gate.refused };
  }

  /** Tasks in the task set. */
  get taskCount(): number {
    return this.#tasks.size;
  }

  get descriptorSense(): boolean {
    return this.modes.current.descriptorSense;
  }

  get available(): boolean {
    return !this.#watch.stuck;
  }

  /** Once every `lookMilliseconds`: whether the store answers. `available` may have changed then. */
  look(): void {
    this.#watch.look();
    this.#space?.look();
  }

  execute(command: Command): Task {
    const spec = supportedCommandOf(command.cdb, this.identity);
    if (spec === 'noOperation' || (spec !== 'noServiceAction' && spec.runsAt === 'here')) {
      return this.#refuse(command, this.#attentions.take(command.nexus) ?? sense.invalidOperationCode());
    }
    // REQUEST SENSE reports a unit attention as data.
    const attention = this.#attentions.peek(command.nexus);
    const tells = spec !== 'noServiceAction' && spec.runsAt === 'either';
    if (attention !== null && !tells) return this.#attend(command, spec, attention);
    if (this.#watch.stuck) return this.#refuse(command, sense.notReadyUnavailable());
    if (spec === 'noServiceAction') return this.#refuse(command, unknownServiceAction());
    const { cdb } = command;
    if (!usesOnlyKnownFields(spec, cdb)) return this.#refuse(command, unknownField(spec, cdb));
    // SAM-5 8.6.5: there is no ACA condition, as NACA is refused, for which it could be meant.
    if (command.taskAttribute === TaskAttribute.aca) return this.#refuse(command, sense.invalidMessage());
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
    if (what === TaskManagementFunction.logicalUnitReset) this.#reset(nexus, () => done('complete'));
    else this.#management.manage(nexus, what, tag, done);
  }

  nexusLost(nexus: Nexus, why: NexusLoss): void {
    this.#attentions.lose(nexus);
    this.#gate.lose(nexus);
    this.tokens?.lose(nexus);
    this.reservations.release(nexus);
    const tasks = this.#management.loseNexus(nexus);
    if (tasks === 0) return;
    const fields = { unit: this.identity.name, nexus: nexus.id, why, tasks };
    this.#log.info(fields, 'the tasks of a lost nexus are aborted');
  }

  takeUnitAttention(nexus: Nexus): Sense | null {
    return this.#attentions.take(nexus);
  }

  establishUnitAttention(attention: Sense, except: Nexus | null): void {
    this.#attentions.establish(attention, except);
  }

  tell(attention: Sense, nexusKeys: ReadonlySet<string>): void {
    this.#attentions.establishWhere(attention, (nexus) => nexusKeys.has(nexusKey(nexus)));
  }

  initiatorPorts(): readonly InitiatorPort[] {
    return [...this.#attentions.nexuses()];
  }

  enforceReservation(by: UnitTask, aborted: ReadonlySet<string>, done: () => void): void {
    const isForbidden = (task: UnitTask) => this.reservations.forbids(task.spec, task.command);
    this.#management.enforceReservation(by, aborted, isForbidden, done);
  }

  changeModes(values: ModeValues, by: Nexus): void {
    if (this.#becomeInMode(values)) this.#attentions.establish(sense.modeParametersChanged(), by);
  }

  isChanging(first: number, end: number): boolean {
    return this.#tasks.isChanging(first, end);
  }

  /** To so many bytes, a whole number of blocks and not fewer than now: gives the errno where it can't, and then nothing has changed. */
  grow(byteLength: number, done: StoreDone): void {
    this.store.grow(byteLength, (error) => {
      if (error !== null) return done(error);
      this.identity.blockCount = byteLength / this.identity.blockLength;
      // Each system tells the nexuses of its own ports.
      const { owner } = this.identity;
      this.#attentions.establishWhere(sense.capacityChanged(), ({ port }) => port.system === owner);
      this.onChange('capacity');
      done(null);
    });
  }

  taskEnded(task: UnitTask): void {
    this.#tasks.remove(task);
  }

  #run(command: Command, spec: CommandSpec): Task {
    if (this.#tasks.full) return this.#turnAway(command);
    const task = taskOf(this, command, spec);
    const problem = task.prepare();
    if (problem !== null) return this.#refuse(command, this.#protectionFrom(spec) ?? problem);
    this.#tasks.add(task);
    return task;
  }

  /** SAM-5 5.3.1: TASK SET FULL has an initiator wait for one of its own commands to end; with none it tries again by BUSY. */
  #turnAway(command: Command): Task {
    const hasOthers = this.#tasks.select((task) => task.command.nexus === command.nexus).length > 0;
    return this.#end(command, hasOthers ? Status.taskSetFull : Status.busy, null);
  }

  /** Comes before whatever else is wrong with a command. */
  #protectionFrom(spec: CommandSpec): Sense | null {
    return changesMedium(spec) ? this.writeProtection : null;
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

  /** SAM-5 6.3.3. Where the write cache goes with it, what it held is durable first. */
  #reset(nexus: Nexus, done: () => void): void {
    this.#log.info({ unit: this.identity.name, tasks: this.#tasks.size }, 'logical unit reset');
    const { writeCacheEnabled, taskAbortedStatus } = this.modes.current;
    this.#becomeInMode(this.modes.saved);
    this.reservations.reset();
    this.#attentions.establish(sense.unitReset(), null);
    const losesCache = writeCacheEnabled && !this.modes.current.writeCacheEnabled;
    const gone = losesCache ? () => this.store.flush(() => done()) : done;
    this.#management.abortAll(nexus, taskAbortedStatus, gone);
  }

  /** Gives whether that changes anything. */
  #becomeInMode(values: ModeValues): boolean {
    const before = this.modes.current;
    if (modeNames.every((name) => before[name] === values[name])) return false;
    this.modes.current = values;
    this.#protect();
    if (before.descriptorSense !== values.descriptorSense) this.onChange('senseFormat');
    return true;
  }

  #watchSpace(threshold: number): SpaceWatch {
    const reached = () => {
      if (!this.modes.current.provisioningReporting) return;
      this.#attentions.establish(sense.spaceThresholdReached(), null);
    };
    const { store, identity } = this;
    return new SpaceWatch({ name: identity.name, store, threshold, log: this.#log, reached });
  }

  #protect(): void {
    const { softwareWriteProtect } = this.modes.current;
    if (this.#readOnly) this.writeProtection = sense.writeProtected();
    else this.writeProtection = softwareWriteProtect ? sense.softwareWriteProtected() : null;
  }
}
