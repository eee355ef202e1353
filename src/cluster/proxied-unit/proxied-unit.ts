/**
 * A logical unit that another system owns, as it is seen here: the other implementation of LogicalUnit. It forwards
 * to the owner, and answers itself only what concerns the way there: that there is none, or that it has changed.
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import { ScsiLimits } from '../../limits.ts';
import { DiscardedData } from '../../scsi/discarded-data.ts';
import type {
  Command,
  LogicalUnit,
  NexusLoss,
  Task,
  TaskManagementFunction,
  TaskManagementResponse,
} from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import type { UnitIdentity } from '../../scsi/unit-identity.ts';
import type { Sense } from '../../wire/scsi/sense.ts';
import { sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { type Binding, chooseLink } from './link-choice.ts';
import type { Originator } from './originator.ts';

/** The way to the unit: the links to its owner, and the owner's number for it. */
export interface Way {
  readonly owner: { originators(): readonly Originator[] };
  readonly unitId: number;
}

/** A nexus that has used the unit. */
interface KnownNexus {
  /** Unit attentions that wait for it. */
  readonly waiting: Sense[];
  /** Of its initiator, while it has one. */
  binding: Binding | null;
}

export class ProxiedUnit implements LogicalUnit {
  readonly isLocal = false;
  readonly identity: UnitIdentity;
  /** As its owner last said. */
  descriptorSense = false;
  #way: Way | null = null;
  readonly #nexuses = new Map<Nexus, KnownNexus>();
  /** By initiator name. */
  readonly #bindings = new Map<string, Binding>();
  readonly #pool: BufferPool;

  constructor(identity: UnitIdentity, pool: BufferPool) {
    this.identity = identity;
    this.#pool = pool;
  }

  get available(): boolean {
    return this.#way !== null;
  }

  /** The way to the owner is there, another, or gone (null). */
  becomeReachable(way: Way | null): void {
    this.#way = way;
  }

  execute(command: Command): Task {
    const attention = this.takeUnitAttention(command.nexus);
    if (attention !== null) return this.#refuse(command, attention);
    const way = this.#way;
    const originator = way === null ? null : this.#originatorFor(command.nexus, way);
    if (way === null || originator === null) return this.#refuse(command, sense.notReadyUnavailable());
    const task = originator.execute(way.unitId, command);
    if (task !== null) return task;
    return this.#end(command, originator.statusWhenFull(command.nexus, way.unitId), null);
  }

  manage(
    nexus: Nexus,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse) => void,
  ): void {
    // Without the owner's word nobody can say that a task is gone: BEHAVIOURS, ABORT TASK.
    const way = this.#way;
    const originator = way === null ? null : this.#originatorFor(nexus, way);
    if (way === null || originator === null) done('rejected');
    else originator.manage(way.unitId, nexus, what, tag, done);
  }

  nexusLost(nexus: Nexus, why: NexusLoss): void {
    const binding = this.#nexuses.get(nexus)?.binding ?? null;
    this.#nexuses.delete(nexus);
    if (binding === null) return;
    if (!binding.originator.isOver) binding.originator.nexusLost(nexus, why);
    binding.nexuses.delete(nexus);
    if (binding.nexuses.size > 0) return;
    binding.originator.bound--;
    if (this.#bindings.get(nexus.initiatorName) === binding) this.#bindings.delete(nexus.initiatorName);
  }

  takeUnitAttention(nexus: Nexus): Sense | null {
    return this.#known(nexus).waiting.shift() ?? null;
  }

  establishUnitAttention(attention: Sense, except: Nexus | null): void {
    for (const [nexus, { waiting }] of this.#nexuses) {
      if (nexus === except || waiting.length >= ScsiLimits.unitAttentionsPerNexus) continue;
      if (!waiting.some(({ asc, ascq }) => asc === attention.asc && ascq === attention.ascq))
        waiting.push(attention);
    }
  }

  #known(nexus: Nexus): KnownNexus {
    const known = this.#nexuses.get(nexus);
    if (known !== undefined) return known;
    const made = { waiting: [], binding: null };
    this.#nexuses.set(nexus, made);
    return made;
  }

  /** The link that the nexus's initiator is bound to; null where there is none to bind it to. */
  #originatorFor(nexus: Nexus, way: Way): Originator | null {
    const known = this.#known(nexus);
    if (known.binding?.originator.isOver === false) return known.binding.originator;
    const binding = this.#bindingOf(nexus.initiatorName, way);
    known.binding = binding;
    binding?.nexuses.add(nexus);
    return binding?.originator ?? null;
  }

  #bindingOf(initiatorName: string, way: Way): Binding | null {
    const bound = this.#bindings.get(initiatorName);
    if (bound?.originator.isOver === false) return bound;
    const originator = chooseLink(way.owner.originators(), initiatorName, way.unitId);
    if (originator === null) return null;
    const binding = { originator, nexuses: new Set<Nexus>() };
    originator.bound++;
    this.#bindings.set(initiatorName, binding);
    return binding;
  }

  #refuse(command: Command, why: Sense): Task {
    return this.#end(command, Status.checkCondition, why);
  }

  #end(command: Command, status: number, why: Sense | null): Task {
    command.complete({ status, sense: why, presentedLength: 0 });
    return new DiscardedData(this.#pool);
  }
}
