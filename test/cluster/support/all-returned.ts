import assert from 'node:assert/strict';
import type { BufferPool } from '../../../src/buffers/buffer-pool.ts';

/** More turns of the loop than a frame and its answer need between two systems of one process. */
const TURNS = 10_000;

/** Every buffer has gone back: but for that of a probe which happens to be on its way, and is waited for. */
export async function allReturned(pool: BufferPool): Promise<void> {
  for (let turn = 0; pool.leasedBytes > 0 && turn < TURNS; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(pool.leasedBytes, 0, 'every buffer went back');
}
