import { randomBytes } from 'node:crypto';
import { involuntarySwitches } from '../../sys/getrusage.ts';
import type { Env } from '../env.ts';
import { NodeClock } from './clock.ts';
import { NodeDisk } from './disk.ts';
import type { DiskQueue } from './disk-queue/disk-queue.ts';
import { ThreadPoolQueue } from './disk-queue/thread-pool-queue.ts';
import { type KeyRing, NO_KEYS } from './key-ring.ts';
import { NodeNetwork } from './network.ts';
import { Poller } from './poller.ts';

export interface NodeEnvOptions {
  /** For TLS. */
  readonly keys?: KeyRing;
  /** For what may wait for a medium. */
  readonly disks?: DiskQueue;
  /** How long the loop looks for more input before it sleeps (`Poller`); 0, as without it, for not at all. */
  readonly pollMilliseconds?: number;
}

/** The real environment: this machine's time, chance, sockets, files and devices. */
export function nodeEnv(options: NodeEnvOptions = {}): Env {
  const { keys = NO_KEYS, disks = new ThreadPoolQueue(), pollMilliseconds = 0 } = options;
  const clock = new NodeClock();
  return {
    clock,
    random: { bytes: (length) => randomBytes(length) },
    network: new NodeNetwork(clock, keys, pollMilliseconds === 0 ? null : pollerFor(clock, pollMilliseconds)),
    disk: new NodeDisk(clock, disks),
  };
}

function pollerFor(clock: NodeClock, milliseconds: number): Poller {
  const host = {
    now: () => clock.now(),
    nextTurn: (run: () => void) => void setImmediate(run),
    switches: involuntarySwitches,
  };
  return new Poller(host, milliseconds);
}
