import { randomBytes } from 'node:crypto';
import type { Env } from '../env.ts';
import { NodeClock } from './clock.ts';
import { NodeDisk } from './disk.ts';
import { type KeyRing, NO_KEYS } from './key-ring.ts';
import { NodeNetwork } from './network.ts';

/** The real environment: this machine's time, chance, sockets, files and devices. `keys`: for TLS. */
export function nodeEnv(keys: KeyRing = NO_KEYS): Env {
  const clock = new NodeClock();
  return {
    clock,
    random: { bytes: (length) => randomBytes(length) },
    network: new NodeNetwork(clock, keys),
    disk: new NodeDisk(clock),
  };
}
