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
import type { Originator } from './originator.ts';

/** The way to the unit: the originator of the owner's link, and the owner's number for the unit. */
export interface Way {
  readonly originator: Originator;
  readonly unitId: number;
}

export class ProxiedUnit implements LogicalUnit {
  readonly isLocal = false;
  readonly identity: UnitIdentity;
  #way: Way | null = null;
  /** Nexuses that have used the unit, and the unit attentions that wait for them. */
  readonly #nexuses = new Map<Nexus, Sense[]>();

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
    if (this.#way === null) return this.#refuse(command, sense.notReadyUnavailable());
    const task = this.#way.originator.execute(this.#way.unitId, command);
    if (task !== null) return task;
    return this.#end(command, Status.taskSetFull, null);
  }

  manage(
    nexus: Nexus,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse) => void,
  ): void {
    // Without the owner's word nobody can say that a task is gone: BEHAVIOURS, ABORT TASK.
    if (this.#way === null) done('rejected');
    else this.#way.originator.manage(this.#way.unitId, nexus, what, tag, done);
  }

  nexusLost(nexus: Nexus, why: NexusLoss): void {
    this.#nexuses.delete(nexus);
    this.#way?.originator.nexusLost(nexus, why);
  }

  takeUnitAttention(nexus: Nexus): Sense | null {
    const waiting = this.#nexuses.get(nexus);
    if (waiting !== undefined) return waiting.shift() ?? null;
    this.#nexuses.set(nexus, []);
    return null;
  }

  establishUnitAttention(attention: Sense, except: Nexus | null): void {
    for (const [nexus, waiting] of this.#nexuses) {
      if (nexus === except || waiting.length >= ScsiLimits.unitAttentionsPerNexus) continue;
      if (!waiting.some(({ asc, ascq }) => asc === attention.asc && ascq === attention.ascq))
        waiting.push(attention);
    }
  }

  #refuse(command: Command, why: Sense): Task {
    return this.#end(command, Status.checkCondition, why);
  }

  #end(command: Command, status: number, why: Sense | null): Task {
    command.complete({ status, sense: why, presentedLength: 0 });
    return new DiscardedData(this.#pool);
  }
}
