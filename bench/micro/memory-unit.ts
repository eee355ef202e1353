import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { NodeClock } from '../../src/env/node/clock.ts';
import { POOL_KEEP_BYTES } from '../../src/limits.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Order } from '../../src/scsi/order.ts';
import { Router } from '../../src/scsi/router/router.ts';
import type { TargetPort } from '../../src/scsi/target-port.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
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
  serves: 'local',
};

export interface MemoryUnit {
  readonly router: Router;
  readonly pool: BufferPool;
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
  const unit = new LocalUnit({ identity, store, pool, clock: new NodeClock(), order, log: quietLog });
  const router = new Router({
    units: [{ lun: LUN, unit }],
    initiators: [],
    accessStates: { groups: () => [], ports: () => [] },
    pool,
    clock: new NodeClock(),
    order,
  });
  const settle = (nexus: Nexus) => {
    while (unit.takeUnitAttention(nexus) !== null);
  };
  return { router, pool, settle };
}
