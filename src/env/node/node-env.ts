import { randomBytes } from 'node:crypto';
import type { Env } from '../env.ts';
import { NodeClock } from './clock.ts';
import { NodeDisk } from './disk.ts';
import type { DiskQueue } from './disk-queue/disk-queue.ts';
import { ThreadPoolQueue } from './disk-queue/thread-pool-queue.ts';
import { type KeyRing, NO_KEYS } from './key-ring.ts';
import { NodeNetwork } from './network.ts';

/** The real environment: this machine's time, chance, sockets, files and devices. `keys`: for TLS; `disks`: for what may wait for a medium. */
export function nodeEnv(keys: KeyRing = NO_KEYS, disks: DiskQueue = new ThreadPoolQueue()): Env {
  const clock = new NodeClock();
  return {
    clock,
    random: { bytes: (length) => randomBytes(length) },
    network: new NodeNetwork(clock, keys),
    disk: new NodeDisk(clock, disks),
  };
}
