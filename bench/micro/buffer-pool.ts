import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { POOL_KEEP_BYTES } from '../../src/limits.ts';
import type { MicroBenchmark } from './micro.ts';

const IN_FLIGHT = 32;

/** Leases taken and given back with 32 of them out, as a session at depth 32 has. */
export function bufferPool(): MicroBenchmark[] {
  return [4096, 65536, 262144].map((length) => ({
    name: `buffer pool, take and release ${length}`,
    bytesPerOperation: 0,
    run(times) {
      const pool = new BufferPool(POOL_KEEP_BYTES);
      const out = Array.from({ length: IN_FLIGHT }, () => pool.take(length));
      for (let i = 0; i < times; i++) {
        const at = i % IN_FLIGHT;
        out[at]?.release();
        out[at] = pool.take(length);
      }
    },
  }));
}
