import { formatHostPort } from '../src/daemon/config/address.ts';
import type { ClusterConfig, InitiatorGroupConfig } from '../src/daemon/config/cluster-config.ts';
import { EVERYONE_ELSE } from '../src/daemon/config/file-schema.ts';
import { formatSize } from '../src/daemon/config/size.ts';
import { readConfig } from './read-config.ts';

/** Prints what a correct file describes. A UserError names the mistakes of another. */
export function check(file: string): number {
  const config = readConfig(file);
  const lines = [`${file}: correct. Cluster "${config.name}":`];
  for (const system of config.systems) {
    lines.push(`  system ${system.name}, group ${system.groupId}, state in ${system.stateFolder}`);
    for (const port of system.ports) {
      const portal = formatHostPort(port.portal);
      lines.push(`    port ${port.name} (${port.kind}, serves ${port.serves}): ${portal} ${port.targetName}`);
    }
  }
  for (const unit of config.units) {
    const size = `${formatSize(unit.byteLength)}${unit.readOnly ? ', read-only' : ''}`;
    lines.push(`  unit ${unit.name}, LUN ${unit.lun}, ${size}, owner ${unit.owner}: ${unit.store.path}`);
  }
  lines.push(...config.initiatorGroups.map(groupLine));
  lines.push(`  ${othersLine(config)}`);
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}

function groupLine({ name, initiators, luns, ports, chapFile }: InitiatorGroupConfig): string {
  const who = initiators.length === 1 ? '1 initiator' : `${initiators.length} initiators`;
  const sees = luns === null ? 'each unit at its LUN' : `${luns.size} units by a map`;
  const where = ports === null ? 'every port' : ports.join(', ');
  const proof = chapFile === null ? 'no authentication' : `CHAP by ${chapFile}`;
  return `  initiator group ${name}, ${who}: ${sees}, through ${where}, ${proof}`;
}

function othersLine({ initiatorGroups }: ClusterConfig): string {
  if (initiatorGroups.length === 0)
    return 'every initiator may log in, without authentication, and sees each unit at its LUN';
  const group = initiatorGroups.find(({ initiators }) => initiators.includes(EVERYONE_ELSE));
  return group === undefined
    ? 'initiators that no group names may not log in'
    : `initiators that no group names are in group ${group.name}`;
}
