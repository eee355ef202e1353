import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import type { Errno, Space } from '../../../src/env/disk.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { ScsiLimits } from '../../../src/limits.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { delay } from '../../../src/stores/layers/delay.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { u32 } from '../../../src/wire/scsi/bytes.ts';
import { sense } from '../../../src/wire/scsi/sense.ts';
import { silentLog, testNexus, testOrder } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';

const MIB = 1 << 20;
const THRESHOLD = 64 * MIB;

function make(thin = true) {
  const size = { blockLength: 512, byteLength: MIB };
  const memory = new MemoryStore({ ...size, thin });
  const thinlyProvisioned = thin;
  const logged: string[] = [];
  const asked: ((error: Errno | null, space: Space | null) => void)[] = [];
  const store = {
    ...delay(memory, (_, run) => run()),
    space: (done: (typeof asked)[number]) => asked.push(done),
  };
  const unit = new LocalUnit({
    identity: makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size, thinlyProvisioned }),
    store,
    lowSpace: THRESHOLD,
    pool: new BufferPool(1 << 20),
    clock: new NodeClock(),
    order: testOrder,
    log: { ...silentLog, warn: (_, message) => logged.push(message) },
  });
  const nexuses = [testNexus('iqn.test:one'), testNexus('iqn.test:two')] as const;
  for (const nexus of nexuses) unit.takeUnitAttention(nexus);
  /** Lets it ask, and answers with what is free. */
  const look = (freeBytes: number | null) => {
    for (let looks = 0; looks < ScsiLimits.spaceLooks; looks += 1) unit.look();
    assert.equal(asked.length, 1, 'it asks once at so many looks');
    if (freeBytes === null) asked.shift()?.('EIO', null);
    else asked.shift()?.(null, { usedBytes: 0, freeBytes });
  };
  const told = () => nexuses.map((nexus) => unit.takeUnitAttention(nexus));
  const run = (cdb: readonly number[], dataOut?: Uint8Array) => {
    const options = dataOut === undefined ? { dataIn: 255 } : { dataOut };
    return new TestCommand({ nexus: nexuses[0], cdb, ...options }).start(unit).outcome;
  };
  return { unit, asked, look, told, run, logged };
}

const nothing = [null, null];
const reached = [sense.spaceThresholdReached(), sense.spaceThresholdReached()];

describe('space watch', () => {
  test('every initiator is told once when less is free than was set, and again after there was clearly more', () => {
    const { look, told } = make();
    look(THRESHOLD);
    assert.deepEqual(told(), nothing);
    look(THRESHOLD - 1);
    assert.deepEqual(told(), reached);
    for (const free of [0, THRESHOLD, THRESHOLD - 1, THRESHOLD + THRESHOLD / 8 - 1, THRESHOLD - 1])
      look(free);
    assert.deepEqual(told(), nothing);
    look(THRESHOLD + THRESHOLD / 8);
    assert.deepEqual(told(), nothing);
    look(5);
    assert.deepEqual(told(), reached);
  });

  test('a medium that does not answer is asked once, and one that fails says nothing', () => {
    const { unit, asked, look, told } = make();
    unit.look();
    for (let looks = 0; looks < 100; looks += 1) unit.look();
    assert.equal(asked.length, 1);
    asked.shift()?.('EIO', null);
    look(null);
    assert.deepEqual(told(), nothing);
    look(0);
    assert.deepEqual(told(), reached);
  });

  test('the provisioning mode page tells the threshold, and LBPERE turns it off', () => {
    const { look, told, run } = make();
    const page = run([0x1a, 0x08, 0x1c, 0x02, 255, 0])?.data.subarray(4) ?? new Uint8Array(0);
    assert.deepEqual([...page.subarray(0, 5)], [0x5c, 0x02, 0, 20, 0], 'SPF, and SITUA 0');
    assert.deepEqual(
      [...page.subarray(16, 20)],
      [0x82, 0x01, 0, 0],
      'enabled, decreasing, available resources',
    );
    assert.equal(u32(page, 20), THRESHOLD / MIB);
    const all = run([0x1a, 0x08, 0x3f, 0xff, 255, 0])?.data.length ?? 0;
    assert.equal(all - (run([0x1a, 0x08, 0x3f, 0, 255, 0])?.data.length ?? 0), page.length);
    assert.equal(run([0x1a, 0x08, 0x1c, 0xff, 255, 0])?.data.length, 4 + 12 + page.length);
    const recovery = run([0x1a, 0x08, 0x01, 0, 255, 0])?.data.subarray(4) ?? new Uint8Array(0);
    assert.equal(recovery[7], 0x80);
    const list = Uint8Array.from([0, 0, 0, 0, ...recovery.with(7, 0), ...page]);
    assert.equal(run([0x15, 0x10, 0, 0, list.length, 0], list)?.status, 0);
    told();
    look(0);
    assert.deepEqual(told(), nothing);
  });

  test('a unit that is not thin has no threshold of provisioning: low space is a line in the log alone', () => {
    const { look, told, run, logged } = make(false);
    look(0);
    assert.deepEqual(told(), nothing);
    assert.equal(logged.length, 1);
    assert.equal(run([0x1a, 0x08, 0x1c, 0x02, 255, 0])?.sense?.asc, 0x24);
    assert.equal(run([0x1a, 0x08, 0x01, 0, 255, 0])?.data[4 + 7], 0, 'LBPERE');
  });

  test('a unit without a threshold has no such page', () => {
    const size = { blockLength: 512, byteLength: MIB };
    const unit = new LocalUnit({
      identity: makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size }),
      store: new MemoryStore(size),
      pool: new BufferPool(1 << 20),
      clock: new NodeClock(),
      order: testOrder,
      log: silentLog,
    });
    const nexus = testNexus();
    unit.takeUnitAttention(nexus);
    const cdb = [0x1a, 0x08, 0x1c, 0x02, 255, 0];
    assert.equal(new TestCommand({ nexus, cdb, dataIn: 255 }).start(unit).outcome?.sense?.asc, 0x24);
  });
});
