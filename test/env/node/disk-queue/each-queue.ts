import { strict as assert } from 'node:assert';
import type { DiskQueue } from '../../../../src/env/node/disk-queue/disk-queue.ts';
import { openDiskQueue } from '../../../../src/env/node/disk-queue/open-disk-queue.ts';

/** Each kind of queue, by what it is called. Where this machine has no io_uring, its tests fail: it is what the product prefers. */
export function eachQueue(): ReadonlyMap<string, DiskQueue> {
  const kinds = ['threads', 'io_uring'] as const;
  return new Map(
    kinds.map((wanted) => {
      const { queue, kind, threadsBecause } = openDiskQueue(wanted);
      assert.equal(kind, wanted, threadsBecause ?? '');
      return [wanted, queue];
    }),
  );
}
