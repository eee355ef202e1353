import { strict as assert } from 'node:assert';
import { resolve } from 'node:path';
import { LinkLimits } from '../../limits.ts';
import type { HostPort } from './address.ts';
import type {
  ClusterConfig,
  InitiatorConfig,
  PortConfig,
  SystemConfig,
  UnitConfig,
} from './cluster-config.ts';
import { interconnectAddress, relativeIdOf, storePathOf, targetNameOf } from './defaults.ts';
import type { FileDraft, InitiatorDraft, PortDraft, SystemDraft, UnitDraft } from './draft.ts';

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
    initiators: draft.initiators.map(buildInitiator),
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
    blockLength: unit.block ?? 512,
    store: {
      kind: unit.store.device === undefined ? 'file' : 'device',
      path: sure(storePathOf(unit, owner, folder)),
    },
  };
}

function buildInitiator(initiator: InitiatorDraft): InitiatorConfig {
  const luns = Object.entries(sure(initiator.luns)).map(([lun, unit]) => [Number(lun), unit] as const);
  return { name: sure(initiator.name), luns: new Map(luns) };
}

function sure<T>(value: T | null | undefined): T {
  assert(value !== undefined && value !== null, 'the checks let a missing value through');
  return value;
}
