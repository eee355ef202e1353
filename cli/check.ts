import { formatHostPort } from '../src/daemon/config/address.ts';
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
  process.stdout.write(`${lines.join('\n')}\n`);
  return 0;
}
