import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { KnownUnit } from '../../src/cluster/known-unit.ts';
import { ProxiedUnit } from '../../src/cluster/proxied-unit/proxied-unit.ts';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import { sense } from '../../src/wire/scsi/sense.ts';
import { testNexus } from '../support/scsi.ts';

function make() {
  const size = { blockLength: 512, byteLength: 100 * 512 };
  const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size });
  const unit = new ProxiedUnit(identity, new BufferPool(1 << 20));
  const nexus = testNexus();
  assert.equal(unit.takeUnitAttention(nexus), null);
  const told = () => unit.takeUnitAttention(nexus);
  return { known: new KnownUnit(unit), identity, told };
}

test('a size is told once, though inventory and event of every link tell it', () => {
  const { known, identity, told } = make();
  known.sizeIs(200, false);
  assert.equal(identity.blockCount, 200);
  assert.deepEqual(told(), sense.capacityChanged());
  known.tellSize();
  known.sizeIs(200, false);
  known.tellSize();
  assert.equal(told(), null);
});

test('a release before tells by the event alone', () => {
  const { known, told } = make();
  known.tellSize();
  assert.deepEqual(told(), sense.capacityChanged());
});

test('how it is provisioned is told once, though the event comes on every link, and again when it is another', () => {
  const { known, identity, told } = make();
  known.provisioningIs(true);
  assert.deepEqual([identity.thinlyProvisioned, told()], [true, null], 'it was taken for that');
  for (const thin of [false, true]) {
    known.provisioningIs(thin);
    known.provisioningIs(thin);
    assert.equal(identity.thinlyProvisioned, thin);
    assert.deepEqual([told(), told()], [sense.inquiryDataChanged(), null]);
  }
});

test('an older word, of another link, is not heeded; the first after a time without links counts as it is', () => {
  const { known, identity, told } = make();
  known.sizeIs(300, false);
  assert.deepEqual(told(), sense.capacityChanged());
  known.sizeIs(200, false);
  assert.deepEqual([identity.blockCount, told()], [300, null]);
  known.sizeIs(250, true);
  assert.equal(identity.blockCount, 250);
  assert.deepEqual(told(), sense.capacityChanged());
});
