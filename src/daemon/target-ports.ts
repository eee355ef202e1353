import type { LinkAddress } from '../cluster/link/link-address.ts';
import type { Identity } from '../iscsi/login/login.ts';
import type { DiscoveredTarget } from '../iscsi/portal/discovery.ts';
import type { TargetPort } from '../scsi/target-port.ts';
import { formatHostPort, type HostPort, isWildcard, parseHostPort } from './config/address.ts';
import type { ClusterConfig, PortConfig, SystemConfig } from './config/cluster-config.ts';
import type { GroupAccess } from './group-access.ts';

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
 * What SendTargets tells: every target of the cluster that the initiator may log in to, with all of its portals, so
 * that one discovery, at any portal, finds every path. `self`: the system that is asked, at the address `at`.
 */
export function discoveredTargets(
  config: ClusterConfig,
  self: SystemConfig,
  at: string,
  permits: (port: PortConfig) => boolean,
): DiscoveredTarget[] {
  const targets = new Map<string, { address: string; portalGroupTag: number }[]>();
  for (const system of config.systems) {
    for (const port of system.ports.filter(permits)) {
      const portal = reachedPortal(port.portal, system === self ? hostOf(at) : null);
      if (portal === null) continue;
      const portals = targets.get(port.targetName) ?? [];
      targets.set(port.targetName, portals);
      portals.push({ address: formatHostPort(portal), portalGroupTag: port.portalGroupTag });
    }
  }
  return [...targets].map(([targetName, portals]) => ({ targetName, portals }));
}

/** Where another system that we have a way to shows the same target (ports that serve all), to this initiator. Null: nowhere. */
export function addressElsewhere(
  { config, system: self, access }: ElsewhereSources,
  { initiatorName, port }: Identity,
  isUp: (system: string) => boolean,
): string | null {
  const others = config.systems.filter((system) => system !== self && isUp(system.name));
  const same = others
    .flatMap(({ ports }) => ports)
    .filter(({ targetName }) => targetName === port?.targetName)
    .find((other) => access.permits(initiatorName, other) && !isWildcard(other.portal.host));
  return same === undefined ? null : formatHostPort(same.portal);
}

export interface ElsewhereSources {
  readonly config: ClusterConfig;
  readonly system: SystemConfig;
  readonly access: GroupAccess;
}

/** Every address of a machine is no address that a client could use: it is told the one that it came by. Null: we don't know one. */
function reachedPortal(portal: HostPort, host: string | null): HostPort | null {
  if (!isWildcard(portal.host)) return portal;
  if (host === null || (portal.host === '0.0.0.0' && host.includes(':'))) return null;
  return { host, port: portal.port };
}

/** The host of 'a.b.c.d:port' or '[v6]:port'; an IPv4 address as itself where an IPv6 socket has it (RFC 4291 2.5.5.2). */
function hostOf(address: string): string | null {
  const mapped = '[::ffff:';
  const isMapped = address.startsWith(mapped) && address.includes('.');
  return parseHostPort(isMapped ? address.slice(mapped.length).replace(']', '') : address)?.host ?? null;
}
