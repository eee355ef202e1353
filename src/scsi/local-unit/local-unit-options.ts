import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { Random } from '../../env/random.ts';
import type { BlockStore } from '../../stores/block-store.ts';
import type { RecordStore } from '../../stores/record/record-store.ts';
import type { Order } from '../order.ts';
import type { UnitIdentity } from '../unit-identity.ts';
import type { Reservations } from './reservations/reservations.ts';

/** What a local unit is made of. */
export interface LocalUnitOptions {
  readonly identity: UnitIdentity;
  /** At least as long as the identity says, in blocks of the same length. */
  readonly store: BlockStore;
  /** Units that its system has: they share what is remembered of accesses. Default: 1. */
  readonly unitCount?: number;
  /** Nothing may change the medium. Default: false. */
  readonly readOnly?: boolean;
  /** Bytes: initiators are told when less is free where the store is. Default: null, they are not. */
  readonly lowSpace?: number | null;
  readonly pool: BufferPool;
  readonly clock: Clock;
  readonly order: Order;
  readonly log: Log;
  /** Default: kept in memory, for the port where a command arrives. */
  readonly reservations?: Reservations;
  /** For ROD tokens; without it none are made. */
  readonly random?: Random;
  /** Where mode pages are saved; null or none: they can't be. */
  readonly modeStore?: RecordStore | null;
  /** Default: none, what SET IDENTIFYING INFORMATION brings is kept in memory. */
  readonly identifyingStore?: RecordStore;
}
