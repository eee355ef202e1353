import assert from 'node:assert/strict';
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { AccessStates } from '../access-states.ts';
import {
  type CommandSpec,
  type CopyCommandName,
  commandOf,
  type HereCommandName,
  unknownField,
  usesOnlyKnownFields,
} from '../command-table.ts';
import { CopyManager } from '../copy/copy-manager.ts';
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
import type { Nexus } from '../nexus.ts';
import type { Order } from '../order.ts';
import { type Ping, Presence } from '../presence.ts';
import type { TargetPort } from '../target-port.ts';
import type { TaskRouter } from '../task-router.ts';
import { CommandCounters, type CountersOfUnit } from './command-counters.ts';
import { hereCommands } from './here-commands.ts';
import { HereTask } from './here-task.ts';
import { LunMap, type MappedUnit, serves } from './lun-map.ts';

export interface RouterOptions {
  /** Every unit of the cluster, local or proxied, with the LUN at which initiators without a map of their own see it; null: they don't. */
  readonly units: Iterable<{ readonly lun: number | null; readonly unit: LogicalUnit }>;
  /** Initiators with a map of their own: LUN to unit name. */
  readonly initiators: Iterable<{ readonly name: string; readonly luns: ReadonlyMap<number, string> }>;
  readonly accessStates: AccessStates;
  readonly pool: BufferPool;
  readonly clock: Clock;
  readonly order: Order;
}

/** What the router keeps of a nexus. */
interface OpenNexus {
  readonly map: LunMap;
  /** Commands answered here whose data waits for credit. */
  readonly waiting: Set<HereTask>;
  readonly end: () => void;
}

/** Finds the unit in the initiator's own LUN map, answers what is answered where it arrives, and passes on the rest. */
export class Router implements TaskRouter {
  readonly #defaultLuns: ReadonlyMap<number, LogicalUnit>;
  readonly #lunsByInitiator = new Map<string, ReadonlyMap<number, LogicalUnit>>();
  readonly #accessStates: AccessStates;
  readonly #pool: BufferPool;
  readonly #order: Order;
  readonly #nexuses = new Map<Nexus, OpenNexus>();
  readonly #copies: CopyManager;
  /** By port name, then unit name. */
  readonly #counters = new Map<string, Map<string, CommandCounters>>();

  /** Throws where a map names a unit that there is not. */
  constructor(options: RouterOptions) {
    const units = [...options.units];
    const byName = new Map(units.map(({ unit }) => [unit.identity.name, unit]));
    this.#defaultLuns = new Map(units.flatMap(({ lun, unit }) => (lun === null ? [] : [[lun, unit]])));
    for (const initiator of options.initiators) {
      const luns = new Map<number, LogicalUnit>();
      for (const [lun, name] of initiator.luns) {
        const unit = byName.get(name);
        assert.ok(unit !== undefined, `the map of ${initiator.name} names ${name}, which is no unit`);
        luns.set(lun, unit);
      }
      this.#lunsByInitiator.set(initiator.name, luns);
    }
    this.#accessStates = options.accessStates;
    this.#pool = options.pool;
    this.#order = options.order;
    this.#copies = new CopyManager(options.pool, options.clock);
  }

  openNexus(initiatorName: string, isid: string, port: TargetPort, ping: Ping, end = nothing): Nexus {
    const id = this.#order.next();
    const nexus: Nexus = { id, initiatorName, isid, port, presence: new Presence(this.#order, id, ping) };
    this.#nexuses.set(nexus, { map: this.#mapFor(initiatorName, port), waiting: new Set(), end });
    return nexus;
  }

  closeNexus(nexus: Nexus, why: NexusLoss): void {
    const { map, waiting } = this.#open(nexus);
    this.#nexuses.delete(nexus);
    for (const task of waiting) task.abort();
    this.#copies.closeNexus(nexus, why);
    for (const unit of new Set(map.units.map((mapped) => mapped.unit))) unit.nexusLost(nexus, why);
  }

  execute(lun: number, command: Command): Task {
    const open = this.#open(command.nexus);
    const mapped = open.map.find(lun);
    const spec = commandOf(command.cdb);
    if (typeof spec !== 'string' && (spec.runsAt === 'here' || spec.runsAt === 'either')) {
      return this.#answerHere(command, spec, lun, open, mapped);
    }
    if (mapped === null) return this.#refuse(command, sense.unitNotSupported());
    count(mapped, command);
    if (typeof spec !== 'string' && spec.runsAt === 'copyManager') {
      const { unit } = mapped;
      return this.#copies.execute({ name: spec.name as CopyCommandName, command, unit, lun, map: open.map });
    }
    return mapped.unit.execute(command);
  }

  descriptorSense(nexus: Nexus, lun: number): boolean {
    return this.#open(nexus).map.find(lun)?.unit.descriptorSense ?? false;
  }

  manage(
    nexus: Nexus,
    lun: number,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse | 'noSuchUnit') => void,
  ): void {
    const { map, waiting } = this.#open(nexus);
    const mapped = map.find(lun);
    if (mapped === null) return done('noSuchUnit');
    const ended = [...waiting].filter((task) => task.lun === lun && isMeant(task.command, what, tag));
    for (const task of ended) task.abort();
    const isAbortTask = what === TaskManagementFunction.abortTask;
    if (ended.length > 0 && isAbortTask) return done('complete');
    this.#copies.manage(nexus, mapped, what, tag, (copies, response) => {
      if (response !== 'complete' || (copies > 0 && isAbortTask)) done(response);
      else mapped.unit.manage(nexus, what, tag, done);
    });
  }

  resetUnits(nexus: Nexus, done: (response: TaskManagementResponse) => void): void {
    const { map, waiting } = this.#open(nexus);
    for (const task of [...waiting]) task.abort();
    let left = map.units.length;
    let worst: TaskManagementResponse = 'complete';
    if (left === 0) return done(worst);
    for (const { lun } of map.units) {
      this.manage(nexus, lun, TaskManagementFunction.logicalUnitReset, 0, (response) => {
        if (response !== 'complete' && worst !== 'unknown')
          worst = response === 'noSuchUnit' ? 'rejected' : response;
        left -= 1;
        if (left === 0) done(worst);
      });
    }
  }

  endSessions({ port }: Nexus): void {
    for (const [nexus, { end }] of [...this.#nexuses]) if (nexus.port.targetName === port.targetName) end();
  }

  /** For status: a copy, by port and unit, of those that were used. */
  counters(): CountersOfUnit[] {
    const found: CountersOfUnit[] = [];
    for (const [port, units] of this.#counters) {
      for (const [unit, counters] of units) found.push({ port, unit, ...counters });
    }
    return found;
  }

  #open(nexus: Nexus): OpenNexus {
    const open = this.#nexuses.get(nexus);
    assert.ok(open !== undefined, 'a nexus is used that is not open');
    return open;
  }

  #mapFor(initiatorName: string, port: TargetPort): LunMap {
    const mapped: MappedUnit[] = [];
    for (const [lun, unit] of this.#lunsByInitiator.get(initiatorName) ?? this.#defaultLuns) {
      if (serves(port.serves, unit)) mapped.push({ lun, unit, counters: this.#countersOf(port, unit) });
    }
    return new LunMap(mapped);
  }

  #countersOf(port: TargetPort, unit: LogicalUnit): CommandCounters {
    const ofPort = this.#counters.get(port.name) ?? new Map<string, CommandCounters>();
    this.#counters.set(port.name, ofPort);
    const counters = ofPort.get(unit.identity.name) ?? new CommandCounters();
    ofPort.set(unit.identity.name, counters);
    return counters;
  }

  #answerHere(
    command: Command,
    spec: CommandSpec,
    lun: number,
    open: OpenNexus,
    mapped: MappedUnit | null,
  ): Task {
    const { nexus, cdb } = command;
    if (!usesOnlyKnownFields(spec, cdb)) return this.#refuse(command, unknownField(spec, cdb));
    if (command.taskAttribute === TaskAttribute.aca) return this.#refuse(command, sense.invalidMessage());
    const handler = hereCommands[spec.name as HereCommandName];
    const unit = mapped?.unit ?? null;
    const bytes = handler.answer(cdb, { nexus, map: open.map, unit, accessStates: this.#accessStates });
    if (bytes === 'askUnit') {
      assert.ok(mapped !== null, 'there is a unit to ask');
      count(mapped, command);
      return mapped.unit.execute(command);
    }
    if (!(bytes instanceof Uint8Array)) return this.#refuse(command, bytes);
    const answer = { bytes, allocationLength: handler.allocationLength(cdb) };
    const task = new HereTask(command, lun, this.#pool, answer, (ended) => open.waiting.delete(ended));
    open.waiting.add(task);
    task.send();
    return task;
  }

  #refuse(command: Command, reason: Sense): Task {
    command.complete({ status: Status.checkCondition, sense: reason, presentedLength: 0 });
    return new DiscardedData(this.#pool);
  }
}

function nothing(): void {}

/** Whether a task management function aborts that command of its own nexus. */
function isMeant(command: Command, what: TaskManagementFunction, tag: number): boolean {
  if (what === TaskManagementFunction.abortTask) return command.tag === tag;
  return what !== TaskManagementFunction.clearAca;
}

function count({ unit, counters }: MappedUnit, command: Command): void {
  if (unit.isLocal) counters.commandsDirect += 1;
  else counters.commandsProxied += 1;
  counters.bytesRead += command.dataInLength;
  counters.bytesWritten += command.dataOutLength;
}
