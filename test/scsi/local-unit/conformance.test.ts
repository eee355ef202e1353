import assert from 'node:assert/strict';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { describeLogicalUnit } from '../../conformance/logical-unit.ts';
import { silentLog, testOrder, testRandom } from '../../support/scsi.ts';

describeLogicalUnit('local', async (store, modeStore, readOnly) => {
  const pool = new BufferPool(1 << 20);
  const { blockLength, byteLength, thin: thinlyProvisioned } = store;
  const size = { blockLength, byteLength };
  const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size, thinlyProvisioned });
  const unit = new LocalUnit({
    identity,
    store: checked(store),
    pool,
    clock: new NodeClock(),
    random: testRandom,
    order: testOrder,
    log: silentLog,
    modeStore,
    readOnly,
  });
  return {
    unit,
    grow: (length) => new Promise((resolve) => unit.grow(length, resolve)),
    async close() {
      assert.equal(unit.taskCount, 0, 'no task is left behind');
      assert.equal(pool.leasedBytes, 0, 'every buffer went back');
    },
  };
});
