import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BufferPool, type Lease } from '../../src/buffers/buffer-pool.ts';
import { isAligned, MEMORY_ALIGNMENT } from '../../src/sys/aligned-memory.ts';

const MiB = 1 << 20;

test('a lease has exactly the bytes asked for', () => {
  const pool = new BufferPool(MiB);
  for (const length of [0, 1, 511, 4096, 4097, 65536, 65537, MiB, MiB + 1])
    assert.equal(pool.take(length).bytes.length, length);
});

test('a lease begins where a medium can read and write memory itself', () => {
  const pool = new BufferPool(MiB);
  const leases = [1, 4096, 4096, 4096, 10_000, MiB, 2 * MiB].map((length) => pool.take(length));
  for (const { bytes } of leases) assert(isAligned(bytes, MEMORY_ALIGNMENT));
});

test('leases that are out at the same time never share memory', () => {
  const property = fc.property(
    fc.array(fc.record({ length: fc.integer({ min: 1, max: 3 * 65536 }), release: fc.nat(3) })),
    (steps) => {
      const pool = new BufferPool(MiB);
      const out: { readonly lease: Lease; readonly mark: number }[] = [];
      steps.forEach(({ length, release }, mark) => {
        const lease = pool.take(length);
        lease.bytes.fill(mark & 0xff);
        out.push({ lease, mark });
        for (const given of out.splice(0, release)) {
          assert(given.lease.bytes.every((byte) => byte === (given.mark & 0xff)));
          given.lease.release();
        }
      });
    },
  );
  fc.assert(property, { numRuns: 50, seed: 1 });
});

test('a buffer that was given back is used again', () => {
  const pool = new BufferPool(MiB);
  const first = pool.take(5000);
  const memory = first.bytes.buffer;
  first.release();
  assert.equal(pool.take(8192).bytes.buffer, memory);
});

test('no more than the bound is kept', () => {
  const pool = new BufferPool(8192);
  const leases = [pool.take(4096), pool.take(4096), pool.take(4096)];
  const memories = leases.map((lease) => lease.bytes.buffer);
  for (const lease of leases) lease.release();
  const again = [pool.take(4096), pool.take(4096), pool.take(4096)].map((lease) => lease.bytes.buffer);
  assert.equal(again.filter((memory) => memories.includes(memory)).length, 2);
});

test('counts what is out, and the most there was', () => {
  const pool = new BufferPool(MiB);
  const [a, b] = [pool.take(1000), pool.take(2 * MiB)];
  assert.equal(pool.leasedBytes, 1000 + 2 * MiB);
  b.release();
  assert.equal(pool.leasedBytes, 1000);
  assert.equal(pool.peakLeasedBytes, 1000 + 2 * MiB);
  pool.resetPeak();
  assert.equal(pool.peakLeasedBytes, 1000);
  a.release();
  assert.equal(pool.leasedBytes, 0);
});

test('a second release is a bug', () => {
  const lease = new BufferPool(MiB).take(10);
  lease.release();
  assert.throws(() => lease.release(), /released twice/);
});
