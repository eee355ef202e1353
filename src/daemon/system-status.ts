/** GET /status: what the parts of one system say of themselves, put together. */
import {
  accessStateNames,
  type LatencyStatus,
  type LinkStatus,
  type PortStatus,
  type SessionStatus,
  type SystemStatus,
  type UnitStatus,
} from '../admin/schema.ts';
import type { BufferPool } from '../buffers/buffer-pool.ts';
import type { AccessStateTable } from '../cluster/access-state/access-state-table.ts';
import type { Interconnect } from '../cluster/interconnect.ts';
import type { LinkSlot } from '../cluster/link-slot.ts';
import type { Partner } from '../cluster/partner.ts';
import type { Clock } from '../env/clock.ts';
import type { Portal, SessionStatus as PortalSession } from '../iscsi/portal/portal.ts';
import type { Latency, Stages } from '../latency/stages.ts';
import { LocalUnit } from '../scsi/local-unit/local-unit.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import type { CountersOfUnit } from '../scsi/router/command-counters.ts';
import type { Router } from '../scsi/router/router.ts';
import { formatHostPort } from './config/address.ts';
import type { ClusterConfig, SystemConfig, UnitConfig } from './config/cluster-config.ts';
import type { GroupAccess } from './group-access.ts';
import { addressText } from './target-ports.ts';

export interface StatusSources {
  readonly config: ClusterConfig;
  readonly system: SystemConfig;
  readonly version: string;
  readonly clock: Clock;
  /** Monotonic ms. */
  readonly started: number;
  readonly pool: BufferPool;
  readonly access: GroupAccess;
  readonly units: ReadonlyMap<string, LogicalUnit>;
  readonly router: Router;
  readonly portals: readonly Portal[];
  readonly interconnect: Interconnect;
  readonly accessStates: AccessStateTable;
  readonly stages: Stages;
}

export function statusOf(sources: StatusSources): SystemStatus {
  const { config, system, clock, pool, portals } = sources;
  return {
    system: {
      name: system.name,
      cluster: config.name,
      pid: process.pid,
      version: sources.version,
      uptimeSeconds: (clock.now() - sources.started) / 1000,
      memoryBytes: process.memoryUsage.rss(),
      bufferedBytes: pool.leasedBytes,
      peakBufferedBytes: pool.peakLeasedBytes,
    },
    ports: portStatuses(sources),
    sessions: portals.flatMap((portal) => portal.sessions()).flatMap((one) => sessionStatus(sources, one)),
    units: unitStatuses(sources),
    links: sources.interconnect.partners.flatMap((partner) =>
      partner.slots.map((slot) => linkStatus(partner, slot, clock)),
    ),
    latencies: sources.stages.latencies().map(latencyStatus),
  };
}

/** None for a discovery session: it is at no port. */
function sessionStatus({ access }: StatusSources, session: PortalSession): SessionStatus[] {
  const { initiatorName, isid, port, commandsOutstanding } = session;
  if (port === null) return [];
  const group = access.groupOf(initiatorName)?.name ?? null;
  const connections = session.connections.map(({ connectionId, remoteAddress }) => ({
    id: connectionId,
    remote: remoteAddress,
  }));
  return [{ initiator: initiatorName, group, isid, port, connections, commandsOutstanding }];
}

function portStatuses({ system, portals }: StatusSources): PortStatus[] {
  const traffic = new Map(portals.flatMap((portal) => portal.traffic()).map((one) => [one.port, one]));
  return system.ports.map((port) => ({
    name: port.name,
    kind: port.kind,
    portal: formatHostPort(port.portal),
    targetName: port.targetName,
    portalGroupTag: port.portalGroupTag,
    relativeId: port.relativeId,
    group: system.groupId,
    serves: port.serves,
    commandsReceived: traffic.get(port.name)?.commandsReceived ?? 0,
    responsesSent: traffic.get(port.name)?.responsesSent ?? 0,
    sessions: traffic.get(port.name)?.sessions ?? 0,
  }));
}

/** What is counted by unit is gathered once, not for each of thousands. */
function unitStatuses(sources: StatusSources): UnitStatus[] {
  const served = sources.interconnect.commandsServed();
  const counted = new Map<string, CountersOfUnit[]>();
  for (const one of sources.router.counters()) {
    const ofUnit = counted.get(one.unit);
    if (ofUnit === undefined) counted.set(one.unit, [one]);
    else ofUnit.push(one);
  }
  return sources.config.units.map((unit) =>
    unitStatus(sources, unit, counted.get(unit.name) ?? [], served.get(unit.name) ?? 0),
  );
}

function unitStatus(
  sources: StatusSources,
  config: UnitConfig,
  counters: readonly CountersOfUnit[],
  served: number,
): UnitStatus {
  const unit = sources.units.get(config.name);
  if (unit === undefined) throw new Error(`no unit ${config.name}`);
  const { identity, isLocal } = unit;
  const direct = counters.reduce((sum, one) => sum + one.commandsDirect, 0);
  return {
    name: identity.name,
    owner: identity.owner,
    local: isLocal,
    lun: config.lun,
    size: identity.blockCount * identity.blockLength,
    blockLength: identity.blockLength,
    physicalBlockLength: identity.physicalBlockLength,
    readOnly: config.readOnly,
    thinlyProvisioned: identity.thinlyProvisioned,
    naa: Buffer.from(identity.naa).toString('hex'),
    serial: identity.serial,
    store: config.store.path,
    accessStates: accessStatesOf(sources, unit),
    commandsServed: direct + served,
    writesHeld: unit instanceof LocalUnit ? unit.freshness.held : 0,
    writesRefused: unit instanceof LocalUnit ? unit.freshness.refused : 0,
    counters: counters.map(({ port, commandsDirect, commandsProxied, bytesRead, bytesWritten }) => ({
      port,
      commandsDirect,
      commandsProxied,
      bytesRead,
      bytesWritten,
    })),
  };
}

function accessStatesOf(
  { config, accessStates }: StatusSources,
  { identity }: LogicalUnit,
): UnitStatus['accessStates'] {
  const groups = new Map(accessStates.groups(identity).map(({ groupId, state }) => [groupId, state]));
  const states: UnitStatus['accessStates'] = {};
  for (const { name, groupId } of config.systems) {
    const state = groups.get(groupId);
    if (state !== undefined) states[name] = accessStateNames[state];
  }
  return states;
}

function latencyStatus({ path, kind, stages, total }: Latency): LatencyStatus {
  return { path, kind, microseconds: { ...stages, total } };
}

function linkStatus(partner: Partner, slot: LinkSlot, clock: Clock): LinkStatus {
  const { link, totals } = slot;
  return {
    partner: partner.name,
    transport: slot.address.transport,
    state: slot.state,
    address: link?.frames.remoteAddress ?? addressText(slot.address),
    generation: link?.terms.generation ?? 0,
    sinceSeconds: (clock.now() - slot.since) / 1000,
    lastLoss: slot.lastLoss,
    slow: slot.latency.isSlow,
    roundTripMilliseconds: slot.latency.latest,
    usualRoundTripMilliseconds: slot.latency.usual,
    exchanges: link === null ? 0 : link.originator.exchangesInFlight + link.server.exchangesInFlight,
    commandsForwarded: totals.commandsForwarded + (link?.originator.commandsForwarded ?? 0),
    commandsServed: totals.commandsServed + (link?.server.commandsServed ?? 0),
    bytesIn: totals.bytesIn + (link?.frames.bytesReceived ?? 0),
    bytesOut: totals.bytesOut + (link?.frames.bytesSent ?? 0),
    bufferedBytes: link?.originator.budget.used ?? 0,
    peakBufferedBytes: Math.max(totals.peakBufferedBytes, link?.originator.budget.peak ?? 0),
  };
}
