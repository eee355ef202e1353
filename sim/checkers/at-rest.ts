/** When every client has logged out, nothing is left of what they did but what is on the disks. */

import type { Link } from '../../src/cluster/link/link.ts';
import { IscsiLimits, LinkLimits } from '../../src/limits.ts';
import type { SimSystem } from '../system.ts';
import { Violation } from '../world/world.ts';

/** What the product may hold of its clients' data at the most: both directions of each link, and the sessions' read data. */
const MOST_PER_LINK = 2 * LinkLimits.dataOutPerLink + LinkLimits.dataInPerLink;
const MOST_PER_SESSION =
  IscsiLimits.dataInPerSession + IscsiLimits.commandWindow * IscsiLimits.firstBurstLength;

/** What is left, or null. A probe of a link that is just being sent is no fault: ask again a little later. */
export function unrestOf(systems: readonly SimSystem[]): Violation | null {
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
    const most = systems.length * MOST_PER_LINK + 32 * MOST_PER_SESSION;
    const peak = Math.max(system.poolPeak, pool.peakLeasedBytes);
    if (peak > most) return new Violation('memory', `${name} held ${peak} bytes`);
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
