import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { commands } from '../../../src/scsi/command-table.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { Router } from '../../../src/scsi/router/router.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { present, silentLog, testOrder, testPort } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';

const BLOCK = 512;

/** Bytes of a CDB: anything, or a real command whose other fields are anything that its usage data allows, or small. */
const randomCdb = fc.oneof(
  fc.uint8Array({ minLength: 0, maxLength: 32 }),
  fc
    .tuple(fc.constantFrom(...commands), fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean())
    .map(([spec, noise, small]) =>
      spec.usage.map((mask, at) => {
        if (at === 0) return mask;
        const action = at === 1 ? (spec.serviceAction ?? 0) : 0;
        const value = small && at < spec.usage.length - 3 && at > 1 ? 0 : (noise[at] ?? 0);
        return (value & mask) | action;
      }),
    ),
);

const randomCommand = fc.record({
  cdb: randomCdb,
  lun: fc.constantFrom(-1, 0, 1),
  attribute: fc.constantFrom(0, 1, 2, 3),
  dataIn: fc.constantFrom(0, 1, 255, BLOCK, 65536),
  dataOut: fc.oneof(
    fc.constantFrom(0, BLOCK, 3 * BLOCK + 1, 65536).map((length) => new Uint8Array(length)),
    fc.uint8Array({ maxLength: 64 }),
  ),
  unsolicited: fc.integer({ min: 0, max: 65536 }),
});

describe('random commands', () => {
  test('each ends once, holds no buffer afterwards, and leaves the unit working', () => {
    const pool = new BufferPool(1 << 20);
    const store = checked(new MemoryStore({ byteLength: 4096 * BLOCK, blockLength: BLOCK }));
    const description = { name: 'vol-a', owner: 'alpha', blockLength: BLOCK, byteLength: 4096 * BLOCK };
    const identity = makeUnitIdentity('demo', description);
    const unit = new LocalUnit({
      identity,
      store,
      pool,
      clock: new NodeClock(),
      order: testOrder,
      log: silentLog,
    });
    const router = new Router({
      units: [{ lun: 1, unit }],
      initiators: [],
      accessStates: { groups: () => [{ groupId: 1, state: 0, ports: [1] }], ports: () => [testPort()] },
      pool,
      clock: new NodeClock(),
      order: testOrder,
    });
    const nexus = router.openNexus('iqn.test:one', '00', testPort(), present);
    unit.takeUnitAttention(nexus);
    const goodByOperation = new Set<number>();
    fc.assert(
      fc.property(randomCommand, ({ lun, unsolicited, dataOut, ...given }) => {
        const options = { ...given, nexus, dataOut, unsolicited: Math.min(unsolicited, dataOut.length) };
        const command = new TestCommand(options).start({ execute: (each) => router.execute(lun, each) });
        assert.equal(command.outcome?.how, 'status');
        assert.equal(unit.taskCount, 0);
        assert.equal(pool.leasedBytes, 0);
        command.letGo();
        if (command.outcome?.status === 0) goodByOperation.add(command.cdb[0] ?? 0);
      }),
      { numRuns: 5000, seed: 7143 },
    );
    assert.ok(goodByOperation.size > 20, 'many commands get as far as GOOD');
  });
});
