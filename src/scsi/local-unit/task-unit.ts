import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import type { BlockStore } from '../../stores/block-store.ts';
import type { ModeValues } from '../../wire/scsi/mode-pages.ts';
import type { Sense } from '../../wire/scsi/sense.ts';
import type { Nexus } from '../nexus.ts';
import type { UnitIdentity } from '../unit-identity.ts';
import type { IdentifyingInformation } from './identifying-information.ts';
import type { ModeParameters } from './mode-parameters.ts';
import type { Reservations } from './reservations/reservations.ts';
import type { InitiatorPort } from './reservations/transport-ids.ts';
import type { RodTokens } from './rod-tokens.ts';
import type { SpareTasks } from './spare-tasks.ts';
import type { UnitTask } from './unit-task.ts';

/** The logical unit, as its tasks see it. */
export interface TaskUnit {
  readonly identity: UnitIdentity;
  readonly store: BlockStore;
  readonly pool: BufferPool;
  /** Where WCE is not set, every write is durable before it is acknowledged. */
  readonly modes: ModeParameters;
  /** Why nothing may change the medium; null: it may be changed. */
  readonly writeProtection: Sense | null;
  readonly reservations: Reservations;
  readonly identifying: IdentifyingInformation;
  /** Null: the unit makes none. */
  readonly tokens: RodTokens | null;
  readonly clock: Clock;
  readonly spares: SpareTasks;
  /** Whether a task that runs may be changing blocks of [first, end). */
  isChanging(first: number, end: number): boolean;
  establishUnitAttention(attention: Sense, except: Nexus | null): void;
  /** The unit attention to report next on this nexus, which is cleared by this call. */
  takeUnitAttention(nexus: Nexus): Sense | null;
  /** `by` has changed mode parameters: they are in force, and the other nexuses are told. */
  changeModes(values: ModeValues, by: Nexus): void;
  /** A unit attention for the nexuses with these keys, of those that are known. */
  tell(attention: Sense, nexusKeys: ReadonlySet<string>): void;
  /** The initiator ports that have used the unit, and are not lost. */
  initiatorPorts(): readonly InitiatorPort[];
  /**
   * The reservations have changed: aborts what the nexuses with these keys have in the task set, but for `by`, and calls back
   * when that is gone and nothing that the reservations forbid changes blocks any more.
   */
  enforceReservation(by: UnitTask, aborted: ReadonlySet<string>, done: () => void): void;
  /** The task has ended and leaves the task set. */
  taskEnded(task: UnitTask): void;
}
