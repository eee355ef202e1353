/** When every client has logged out, nothing is left of what they did but what is on the disks. */

import type { Link } from '../../src/cluster/link/link.ts';
import type { Swarm } from '../swarm.ts';
import type { SimSystem } from '../system.ts';
import { Violation } from '../world/world.ts';
import { BLOCK_LENGTH } from './stamps.ts';

/** Bytes in which one connection gathers what it sends: its first slab, and a further one. */
const GATHERED = 8_192 + 65_536;
/** Over FCIP what is sent is copied into frames: a read set of 16 KiB, the worst there is, takes both slabs. */
const FRAMED = GATHERED / 16_384;

/** Bytes and number of the reads of the end (Workload.readAll), for each unit, and the clients that read. */
export const ReadBack = { blocks: 256, readers: 2 } as const;

/**
 * The most that a system may hold in its pool: the data of every operation that the clients have under way at a time,
 * once for the attempt that counts and once for one that was lost and is still to be cleared away; and what a connection gathers
 * small things in before it sends them (OutputQueue), and over FCIP everything. All of the product's own bounds (credit of a link, of a session) are above what
 * the clients of a seed can ask for.
 */
export function mostHeld({ clientTraits, units, unitBlocks, links, splitPorts }: Swarm): number {
  const underWay = clientTraits.reduce((sum, { depth, longest }) => sum + depth * longest, 0);
  const readBack = ReadBack.readers * units * Math.min(ReadBack.blocks, unitBlocks);
  const connections = clientTraits.length * (splitPorts ? 2 : 1) + links.flat().length;
  const copies = 2 + (links.flat().includes('fcip') ? FRAMED : 0);
  return copies * BLOCK_LENGTH * (underWay + readBack) + connections * GATHERED;
}

/** What is left, or null. A probe of a link that is just being sent is no fault: ask again a little later. */
export function unrestOf(systems: readonly SimSystem[], most: number): Violation | null {
  for (const system of systems) {
    const { running, name } = system;
    if (running === null) return new Violation('not at rest', `${name} does not run`);
    const { shared, parts } = running;
    const { pool } = shared;
    const wrong: string[] = [];
    const sessions = parts.portals.flatMap(({ portal }) => portal.sessions());
    if (sessions.length > 0) wrong.push(`${sessions.length} sessions`);
    for (const unit of parts.localUnits) {
      if (unit.taskCount > 0) wrong.push(`${unit.taskCount} tasks of ${unit.identity.name}`);
    }
    for (const partner of parts.interconnect.partners) {
      if (partner.links.length === 0) wrong.push(`no link to ${partner.name}`);
      for (const link of partner.links)
        wrong.push(...leftOn(link).map((left) => `${left} with ${partner.name}`));
    }
    if (pool.leasedBytes > 0) wrong.push(`${pool.leasedBytes} bytes of buffers`);
    if (wrong.length > 0) return new Violation('not at rest', `${name} still has ${wrong.join(', ')}`);
    const peak = Math.max(system.poolPeak, pool.peakLeasedBytes);
    if (peak > most) return new Violation('memory', `${name} held ${peak} bytes of ${most}`);
  }
  return null;
}

/** What should be back to nothing. */
function leftOn({ originator, server }: Link): string[] {
  const counts = {
    'exchanges begun': originator.exchangesInFlight,
    'exchanges served': server.exchangesInFlight,
    'bytes of read credit': originator.budget.used,
    'bytes of unsolicited credit taken': originator.unsolicitedUsed,
    'bytes of unsolicited credit given': server.unsolicitedUsed,
    'bytes of write data asked for': server.dataOutUsed,
  };
  return Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
}
