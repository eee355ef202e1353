/** The cluster of a swarm, as its configuration file would say. */
import type { LinkAddress } from '../src/cluster/link/link-address.ts';
import type {
  ClusterConfig,
  PortConfig,
  SystemConfig,
  UnitConfig,
} from '../src/daemon/config/cluster-config.ts';
import { BLOCK_LENGTH } from './checkers/stamps.ts';
import type { LinkTransport, Swarm } from './swarm.ts';
import type { Prng } from './world/prng.ts';

const NAMES = ['alpha', 'beta', 'gamma', 'delta'] as const;
const TARGET = 'iqn.2026-11.dev.crosspath:sim';

export function makeCluster(swarm: Swarm, prng: Prng): ClusterConfig {
  const names = NAMES.slice(0, swarm.systems);
  const units = Array.from({ length: swarm.units }, (_, lun): UnitConfig => {
    const path = `unit-${lun}`;
    const byteLength = swarm.unitBlocks * BLOCK_LENGTH;
    const store = { kind: 'file', path } as const;
    const blocks = { blockLength: BLOCK_LENGTH, physicalBlockLength: BLOCK_LENGTH };
    return {
      name: path,
      owner: prng.pick(names),
      lun,
      byteLength,
      ...blocks,
      readOnly: false,
      lowSpace: null,
      store,
    };
  });
  return {
    name: 'sim',
    keysFolder: null,
    readSetLength: swarm.readSetLength,
    systems: names.map((name, index) => makeSystem(name, index, swarm)),
    units,
    initiatorGroups: [],
  };
}

function makeSystem(name: string, index: number, { splitPorts, links }: Swarm): SystemConfig {
  return {
    name,
    groupId: index + 1,
    stateFolder: name,
    diskCalls: null,
    pollMilliseconds: 0,
    interconnect: (links[index] ?? []).map((transport, place) => linkAddress(transport, name, 3000 + place)),
    admin: { host: name, port: 4000 },
    ports: splitPorts ? localAndProxy(name, index) : [onePort(name, index)],
  };
}

function linkAddress(transport: LinkTransport, host: string, port: number): LinkAddress {
  return transport === 'tls' ? { transport, host, port, system: host } : { transport, host, port };
}

function onePort(name: string, index: number): PortConfig {
  const portal = { host: name, port: 3260 };
  const place = { portalGroupTag: index + 1, relativeId: index + 1 };
  return { name, kind: 'physical', portal, on: null, serves: 'all', targetName: TARGET, ...place };
}

function localAndProxy(name: string, index: number): PortConfig[] {
  const portal = { host: name, port: 3260 };
  const local = { name: `${name}-local`, kind: 'physical', on: null, serves: 'local' } as const;
  const proxy = { name: `${name}-proxy`, kind: 'virtual', on: `${name}-local`, serves: 'proxy' } as const;
  return [local, proxy].map((port, place) => ({
    ...port,
    portal,
    targetName: `${TARGET}:${port.name}`,
    portalGroupTag: 1,
    relativeId: index * 2 + place + 1,
  }));
}
