import type { LinkAddress } from '../cluster/link/link-address.ts';
import type { DiscoveredTarget } from '../iscsi/portal/discovery.ts';
import type { TargetPort } from '../scsi/target-port.ts';
import { formatHostPort } from './config/address.ts';
import type { ClusterConfig, SystemConfig } from './config/cluster-config.ts';

/** The SCSI target ports of one system of the configuration. */
export function targetPortsOf(system: SystemConfig): TargetPort[] {
  return system.ports.map(({ name, targetName, portalGroupTag, relativeId, serves }) => ({
    name,
    system: system.name,
    targetName,
    portalGroupTag,
    relativeId,
    groupId: system.groupId,
    serves,
  }));
}

/** As the configuration writes it. */
export function addressText(address: LinkAddress): string {
  return address.transport === 'unix'
    ? `unix:${address.path}`
    : `${address.transport}://${formatHostPort(address)}`;
}

/**
 * What SendTargets tells: every target of the cluster with all of its portals, so that one discovery, at any
 * portal, finds every path.
 */
export function discoveredTargets(config: ClusterConfig): DiscoveredTarget[] {
  const targets = new Map<string, { address: string; portalGroupTag: number }[]>();
  for (const port of config.systems.flatMap(({ ports }) => ports)) {
    const portals = targets.get(port.targetName) ?? [];
    targets.set(port.targetName, portals);
    portals.push({ address: formatHostPort(port.portal), portalGroupTag: port.portalGroupTag });
  }
  return [...targets].map(([targetName, portals]) => ({ targetName, portals }));
}
