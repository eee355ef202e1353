import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { Path } from '../../../src/latency/stage.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { HeldStore } from '../../support/held-store.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { blockCdb, silentLog, testNexus, testOrder } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';

const BLOCK = 512;
const READ_16 = 0x88;
const SET = 4096;

const stores: Record<string, (memory: BlockStore, clock: ManualClock) => BlockStore> = {
  'that has to be waited for': (memory) => {
    const held = new HeldStore(memory);
    held.open();
    return held.store;
  },
  'that has it in memory': (memory, clock) => ({
    ...memory,
    readCached: (position, buffer) => {
      clock.pass(2);
      return memory.readCached(position, buffer);
    },
  }),
};

for (const [name, wrap] of Object.entries(stores)) {
  test(`a read that waits for room at its initiator does not wait for a store ${name}`, async () => {
    const clock = new ManualClock();
    const memory = new MemoryStore({ byteLength: 1 << 20, blockLength: BLOCK });
    const description = { name: 'vol-a', owner: 'alpha', blockLength: BLOCK, byteLength: 1 << 20 };
    const identity = makeUnitIdentity('demo', description);
    const parts = { pool: new BufferPool(1 << 20), clock, order: testOrder, log: silentLog };
    const unit = new LocalUnit({ identity, store: wrap(memory, clock), ...parts });
    const nexus = testNexus();
    unit.takeUnitAttention(nexus);
    const stages = new Stages(clock, 1, 1);
    const cdb = blockCdb(READ_16, 0, (2 * SET) / BLOCK);
    const timing = stages.begin(Path.direct, cdb, { receivedAt: clock.now() });
    assert.ok(timing !== null);
    const options = { dataIn: 2 * SET, credit: SET, readSet: SET, grants: false };
    const read = new TestCommand({ nexus, cdb, timing, ...options }).start(unit);
    const before = clock.now();
    clock.pass(9);
    read.grant(SET);
    assert.equal((await read.ended).status, 0);
    timing.release();
    const [latency] = stages.latencies();
    const inStore = clock.now() - 9;
    assert.equal(inStore, 2 * before, 'each set took as long');
    const found = [latency?.stages.stored?.max, latency?.stages.answered?.max, latency?.total.max];
    assert.deepEqual(
      found.map((one) => (one ?? -1000) / 1000),
      [inStore, 9, inStore + 9],
    );
  });
}
