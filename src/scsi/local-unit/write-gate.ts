/**
 * Lets a task that changes blocks, or reservations, run only where its initiator is known to have held the task's nexus after the last time
 * that another nexus accessed those blocks (changed reservations). Else it may be a write that its client has given up, and has done again by
 * another path: the nexus is pinged, and the task held until the answer (docs/decisions/0006-freshness-of-writes.md).
 *
 * While a task that changes blocks is held nothing runs that overlaps it: so a proof that is newer than the holding is new
 * enough, whatever else the history has gathered meanwhile, and two pings are the most that it waits for.
 */
import type { Clock, Timer } from '../../env/clock.ts';
import { ScsiLimits } from '../../limits.ts';
import { changesReservations } from '../command-table.ts';
import { ConflictClass } from '../conflict-table.ts';
import type { Nexus } from '../nexus.ts';
import type { Order } from '../order.ts';
import type { UnitIdentity } from '../unit-identity.ts';
import { AccessHistory, placesOfEach } from './access-history.ts';
import type { RodTokens } from './rod-tokens.ts';
import { TaskState, type UnitTask } from './unit-task.ts';

export interface GateOptions {
  readonly order: Order;
  readonly clock: Clock;
  /** Of the unit: what changes blocks cancels them. */
  readonly tokens: RodTokens | null;
  /** Whose unit's: it may grow. */
  readonly identity: UnitIdentity;
  /** Of the system: how much is remembered of the accesses of each depends on it. */
  readonly unitCount: number;
  /** There is a newer proof for the held task: whether it may run is to be looked at again. */
  readonly again: (task: UnitTask) => void;
  /** No proof has come in time. */
  readonly refuse: (task: UnitTask) => void;
}

interface Asked {
  /** What is held for the answer, oldest first, with the time (ms) since when. */
  readonly tasks: Map<UnitTask, number>;
  timer: Timer | null;
}

export class WriteGate {
  /** Tasks that had to wait for a proof, and those of them for which none came in time. */
  held = 0;
  refused = 0;
  readonly #options: GateOptions;
  readonly #history: AccessHistory;
  /** Of changes of the reservations, all of which touch the same thing. */
  readonly #reservations: AccessHistory;
  /** The nexuses that have been asked, until they answer. */
  readonly #asked = new Map<Nexus, Asked>();

  constructor(options: GateOptions) {
    this.#options = options;
    const { blockLength } = options.identity;
    const places = placesOfEach(options.unitCount);
    this.#history = new AccessHistory(options.order.next(), blockLength, places);
    this.#reservations = new AccessHistory(options.order.next(), blockLength, 1);
  }

  /** Whether the task may run now; then its access is recorded. Else it is held. */
  admits(task: UnitTask): boolean {
    if (changesReservations(task.spec)) return this.#admitsReservation(task);
    const kind = task.spec.conflict;
    if (kind === ConflictClass.none || kind === ConflictClass.flush) return true;
    const isWhole = kind === ConflictClass.wholeUnit;
    const first = isWhole ? 0 : task.firstBlock;
    const end = isWhole ? this.#options.identity.blockCount : task.endBlock;
    if (first === end) return true;
    const { nexus } = task.command;
    if (kind !== ConflictClass.read) {
      const needed = task.heldAt > 0 ? task.heldAt : this.#history.newestByOther(nexus.id, first, end);
      if (nexus.presence.provenAt < needed) {
        this.#hold(task, nexus);
        return false;
      }
      this.#options.tokens?.changed(first, end);
    }
    this.#history.record(nexus.id, this.#options.order.next(), first, end);
    return true;
  }

  /** These are few, and nothing waits for them in the task set: each is compared with the newest of another nexus. */
  #admitsReservation(task: UnitTask): boolean {
    const { nexus } = task.command;
    if (nexus.presence.provenAt < this.#reservations.newestByOther(nexus.id, 0, 1)) {
      this.#hold(task, nexus);
      return false;
    }
    this.#reservations.record(nexus.id, this.#options.order.next(), 0, 1);
    return true;
  }

  /** The nexus is no more. */
  lose(nexus: Nexus): void {
    this.#asked.get(nexus)?.timer?.cancel();
    this.#asked.delete(nexus);
  }

  #hold(task: UnitTask, nexus: Nexus): void {
    if (task.heldAt === 0) {
      this.held += 1;
      task.heldAt = this.#options.order.next();
    }
    const known = this.#asked.get(nexus);
    const asked = known ?? { tasks: new Map(), timer: null };
    asked.tasks.set(task, this.#options.clock.now());
    if (asked.timer === null) this.#expireLater(asked, ScsiLimits.proofMilliseconds);
    if (known !== undefined) return;
    this.#asked.set(nexus, asked);
    nexus.presence.prove(() => this.#proven(nexus, asked));
  }

  /** For some of them it may be too old. */
  #proven(nexus: Nexus, asked: Asked): void {
    if (this.#asked.get(nexus) !== asked) return;
    this.lose(nexus);
    for (const task of asked.tasks.keys()) if (isWaiting(task)) this.#options.again(task);
  }

  #expireLater(asked: Asked, milliseconds: number): void {
    asked.timer = this.#options.clock.after(milliseconds, () => this.#expire(asked));
  }

  #expire(asked: Asked): void {
    asked.timer = null;
    const now = this.#options.clock.now();
    for (const [task, since] of asked.tasks) {
      const left = since + ScsiLimits.proofMilliseconds - now;
      if (left > 0) return this.#expireLater(asked, left);
      asked.tasks.delete(task);
      if (!isWaiting(task)) continue;
      this.refused += 1;
      this.#options.refuse(task);
    }
  }
}

function isWaiting(task: UnitTask): boolean {
  return task.state === TaskState.waiting && !task.aborting;
}
