import { strict as assert } from 'node:assert';
import { resolve } from 'node:path';
import { LinkLimits, StreamLimits } from '../../limits.ts';
import type { HostPort } from './address.ts';
import type {
  ClusterConfig,
  InitiatorGroupConfig,
  PortConfig,
  SystemConfig,
  UnitConfig,
} from './cluster-config.ts';
import {
  DEFAULT_BLOCK,
  DEFAULT_PHYSICAL_BLOCK,
  interconnectAddress,
  relativeIdOf,
  storePathOf,
  targetNameOf,
} from './defaults.ts';
import type { FileDraft, InitiatorGroupDraft, PortDraft, SystemDraft, UnitDraft } from './draft.ts';

/** The configuration of a draft in which the checks found no mistake. */
export function buildConfig(draft: FileDraft, folder: string): ClusterConfig {
  const cluster = sure(draft.cluster.name);
  let portsBefore = 0;
  const systems = draft.systems.map((system, place): SystemConfig => {
    const ports = buildPorts(system, cluster, portsBefore);
    portsBefore += ports.length;
    return {
      name: sure(system.name),
      groupId: system.group ?? place + 1,
      stateFolder: resolve(folder, sure(system.state)),
      diskCalls: system.disk_calls ?? null,
      pollMilliseconds: (system.poll_microseconds ?? StreamLimits.pollMicroseconds) / 1000,
      interconnect: sure(system.interconnect).map((address) =>
        interconnectAddress(address, folder, sure(system.name)),
      ),
      admin: sure(system.admin),
      ports,
    };
  });
  return {
    name: cluster,
    readSetLength: draft.cluster.read_set ?? LinkLimits.readSetLength,
    keysFolder: draft.cluster.keys === undefined ? null : resolve(folder, draft.cluster.keys),
    systems,
    units: draft.units.map((unit) => buildUnit(unit, draft.systems, folder)),
    initiatorGroups: draft.groups.map((group) => buildGroup(group, folder)),
  };
}

function buildPorts(system: SystemDraft, cluster: string, before: number): PortConfig[] {
  return system.ports.map((port, place) => {
    const relativeId = relativeIdOf(port.relative_id, before, place);
    return {
      name: sure(port.name),
      kind: sure(port.kind),
      portal: portalOf(port, system.ports),
      on: port.on ?? null,
      serves: sure(port.serves),
      targetName: targetNameOf(cluster, sure(port.name), sure(port.serves)),
      portalGroupTag: port.portal_group_tag ?? relativeId,
      relativeId,
    };
  });
}

function portalOf(port: PortDraft, ports: readonly PortDraft[]): HostPort {
  if (port.kind === 'physical') return sure(port.portal);
  return sure(ports.find((other) => other.name === port.on)?.portal);
}

function buildUnit(unit: UnitDraft, systems: readonly SystemDraft[], folder: string): UnitConfig {
  const owner = systems.find((system) => system.name === unit.owner);
  return {
    name: sure(unit.name),
    owner: sure(unit.owner),
    lun: sure(unit.lun),
    byteLength: sure(unit.size),
    blockLength: unit.block ?? DEFAULT_BLOCK,
    physicalBlockLength: unit.physical_block ?? DEFAULT_PHYSICAL_BLOCK,
    readOnly: unit.read_only ?? false,
    lowSpace: unit.low_space ?? null,
    store: buildStore(unit, sure(storePathOf(unit, owner, folder))),
  };
}

function buildStore({ store }: UnitDraft, path: string): UnitConfig['store'] {
  if (store.device === undefined) return { kind: 'file', path };
  return { kind: 'device', path, direct: store.direct ?? false };
}

function buildGroup(
  { name, initiators, luns, ports, chap }: InitiatorGroupDraft,
  folder: string,
): InitiatorGroupConfig {
  const map = luns && Object.entries(luns).map(([lun, unit]) => [Number(lun), unit] as const);
  return {
    name: sure(name),
    initiators: sure(initiators),
    luns: map === undefined ? null : new Map(map),
    ports: ports ?? null,
    chapFile: chap === undefined ? null : resolve(folder, chap),
  };
}

function sure<T>(value: T | null | undefined): T {
  assert(value !== undefined && value !== null, 'the checks let a missing value through');
  return value;
}
