import { DiskLimits } from '../../../limits.ts';
import { IoUring } from '../../../sys/io-uring.ts';
import { errnoName } from '../../../sys/libc.ts';
import type { DiskQueue } from './disk-queue.ts';
import { eventListener } from './event-fd.ts';
import { RingQueue } from './ring-queue.ts';
import { ThreadPoolQueue } from './thread-pool-queue.ts';

export type DiskQueueKind = 'io_uring' | 'threads';

export interface OpenedDiskQueue {
  readonly queue: DiskQueue;
  readonly kind: DiskQueueKind;
  /** Why io_uring, which was not ruled out, can't be had; else null. */
  readonly threadsBecause: string | null;
}

/** io_uring where it can be had, for containers often forbid it and old kernels have none; threads where they are `wanted`. */
export function openDiskQueue(wanted: DiskQueueKind): OpenedDiskQueue {
  if (wanted === 'threads') return threads(null);
  const listen = eventListener();
  if (listen === null) return threads('this version of Node cannot wait for an eventfd');
  const ring = IoUring.open(DiskLimits.ringSubmissions);
  if (typeof ring === 'number') return threads(`the kernel does not give a ring: ${errnoName(ring)}`);
  const queue = new RingQueue(ring, (drain) => listen(ring.eventFd, drain));
  return { queue, kind: 'io_uring', threadsBecause: null };
}

function threads(threadsBecause: string | null): OpenedDiskQueue {
  return { queue: new ThreadPoolQueue(), kind: 'threads', threadsBecause };
}
