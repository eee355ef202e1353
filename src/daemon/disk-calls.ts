import type { Log } from '../env/log.ts';
import type { DiskQueue } from '../env/node/disk-queue/disk-queue.ts';
import { openDiskQueue } from '../env/node/disk-queue/open-disk-queue.ts';
import type { SystemConfig } from './config/cluster-config.ts';
import { UserError } from './user-error.ts';

/** What carries out the calls that may wait for a disk. Throws UserError where the configuration wants what this machine has not. */
export function openDiskCalls({ name, diskCalls }: SystemConfig, log: Log): DiskQueue {
  const { queue, kind, threadsBecause } = openDiskQueue(diskCalls ?? 'io_uring');
  if (threadsBecause !== null && diskCalls !== null) {
    throw new UserError(
      `system "${name}" wants disk_calls = "io_uring", and ${threadsBecause}; take the line out, and threads are used where there is no io_uring`,
    );
  }
  if (threadsBecause === null) log.info({ kind }, 'disk calls');
  else
    log.warn(
      { kind, why: threadsBecause },
      'disk calls without io_uring: slower where the page cache does not have the data',
    );
  return queue;
}
