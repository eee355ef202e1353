import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import type { Clock } from '../../src/env/clock.ts';
import { POOL_KEEP_BYTES } from '../../src/limits.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import type { LogicalUnit } from '../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Order } from '../../src/scsi/order.ts';
import { Router } from '../../src/scsi/router/router.ts';
import type { TargetPort } from '../../src/scsi/target-port.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import type { Target } from './initiator.ts';
import { TurnClock } from './memory-pipe.ts';
import { quietLog } from './quiet-log.ts';

export const LUN = 1;
export const BLOCK_LENGTH = 512;
export const BLOCK_COUNT = 32768;

export const PORT: TargetPort = {
  name: 'bench',
  system: 'bench',
  targetName: 'iqn.2026-11.dev.crosspath:bench',
  portalGroupTag: 1,
  relativeId: 1,
  groupId: 1,
  serves: 'all',
};

export interface MemoryUnit extends Target {
  readonly unit: LocalUnit;
  readonly order: Order;
  /** Takes off the unit attentions that a new nexus begins with, which would end a command in place of its data. */
  settle(nexus: Nexus): void;
}

/** A router in front of one local unit, all of whose blocks are in memory. */
export function memoryUnit(): MemoryUnit {
  const pool = new BufferPool(POOL_KEEP_BYTES);
  const byteLength = BLOCK_COUNT * BLOCK_LENGTH;
  const store = new MemoryStore({ byteLength, blockLength: BLOCK_LENGTH });
  store.write(0, new Uint8Array(byteLength).fill(0xa5), false, () => {});
  const identity = makeUnitIdentity('bench', {
    name: 'memory',
    owner: 'bench',
    blockLength: BLOCK_LENGTH,
    byteLength,
  });
  const order = new Order();
  const clock = new TurnClock();
  const unit = new LocalUnit({ identity, store, pool, clock, order, log: quietLog });
  const settle = (nexus: Nexus) => {
    while (unit.takeUnitAttention(nexus) !== null);
  };
  return { router: routerOf(unit, pool, clock, order), pool, clock, unit, order, carry: () => false, settle };
}

/** In front of one unit. */
export function routerOf(unit: LogicalUnit, pool: BufferPool, clock: Clock, order: Order): Router {
  return new Router({
    units: [{ lun: LUN, unit }],
    initiators: [],
    accessStates: { groups: () => [], ports: () => [] },
    pool,
    clock,
    order,
  });
}
