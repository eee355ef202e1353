import { randomBytes } from 'node:crypto';
import type { Env } from '../env.ts';
import { NodeClock } from './clock.ts';
import { NodeDisk } from './disk.ts';
import { NodeNetwork } from './network.ts';

/** The real environment: this machine's time, chance, sockets, files and devices. */
export function nodeEnv(): Env {
  const clock = new NodeClock();
  return {
    clock,
    random: { bytes: (length) => randomBytes(length) },
    network: new NodeNetwork(clock),
    disk: new NodeDisk(clock),
  };
}
