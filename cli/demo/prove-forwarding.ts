import { randomBytes } from 'node:crypto';
import type { ClusterConfig } from '../../src/daemon/config/cluster-config.ts';
import { askAll } from '../status/ask.ts';
import { type ClusterStatus, mergeStatus } from '../status/merge.ts';
import { Disk } from './disk.ts';
import { proxiedRoute, routesOf } from './routes.ts';
import { wayOf } from './way.ts';

const PATTERN_BYTES = 64 * 1024;
const LINK_PATIENCE_MILLISECONDS = 10_000;
const LOOK_AGAIN_MILLISECONDS = 50;

/**
 * Writes through a physical proxy port, follows the command by the counters of both systems, and reads the data back
 * through that port and directly at the owner. Says what it sees; gives whether all of it is as it should be.
 */
export async function proveForwarding(config: ClusterConfig, say: (line: string) => void): Promise<boolean> {
  const proxied = proxiedRoute(config);
  const direct = routesOf(config).find(({ isDirect, unit }) => isDirect && unit === proxied?.unit);
  if (proxied === undefined || direct === undefined) throw new Error('the cluster has no proxy port');
  const { unit, port, system: receiver } = proxied;
  await linksUp(config);
  const pattern = randomBytes(PATTERN_BYTES);
  const proxyDisk = await Disk.open(port, unit);
  const before = await look(config);
  await proxyDisk.write(0, pattern);
  const after = await look(config);
  say(`\nThe way of one WRITE(10) of ${PATTERN_BYTES} bytes to ${unit.name} through ${port.name}:`);
  const way = wayOf({ port: port.name, receiver, owner: unit.owner, unit: unit.name }, before, after);
  for (const stage of way)
    say(`  ${mark(stage.holds)} ${stage.what} (counter ${stage.before} -> ${stage.after})`);
  const readBack = pattern.equals(await proxyDisk.read(0, PATTERN_BYTES));
  await proxyDisk.close();
  say(`  ${mark(readBack)} read back through ${port.name}: ${readBack ? 'the same bytes' : 'OTHER BYTES'}`);
  const directDisk = await Disk.open(direct.port, unit);
  const readDirect = pattern.equals(await directDisk.read(0, PATTERN_BYTES));
  await directDisk.close();
  say(
    `  ${mark(readDirect)} read directly at ${unit.owner}, ${direct.port.name}: ${readDirect ? 'the same bytes' : 'OTHER BYTES'}\n`,
  );
  return way.every(({ holds }) => holds) && readBack && readDirect;
}

function mark(holds: boolean): string {
  return holds ? 'yes' : 'NO ';
}

async function look(config: ClusterConfig): Promise<ClusterStatus> {
  return mergeStatus(config, await askAll(config));
}

/** Systems are ready before their links are. */
async function linksUp(config: ClusterConfig): Promise<void> {
  const giveUp = Date.now() + LINK_PATIENCE_MILLISECONDS;
  const pairs = config.systems.length * (config.systems.length - 1);
  for (;;) {
    const { links } = await look(config);
    if (links.filter(({ state }) => state === 'up').length === pairs) return;
    if (Date.now() > giveUp) throw new Error(`the links do not come up: ${JSON.stringify(links)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLISECONDS));
  }
}
