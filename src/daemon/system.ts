/** One storage system: makes its parts, joins them, starts them in order and stops them in reverse. */
import { AdminServer } from '../admin/admin-server.ts';
import { BufferPool } from '../buffers/buffer-pool.ts';
import { AccessStateTable } from '../cluster/access-state/access-state-table.ts';
import { Interconnect } from '../cluster/interconnect.ts';
import type { Env } from '../env/env.ts';
import type { Log } from '../env/log.ts';
import { Portal } from '../iscsi/portal/portal.ts';
import { POOL_KEEP_BYTES, RECEIVE_BUFFER_BYTES, StopLimits } from '../limits.ts';
import { LocalUnit } from '../scsi/local-unit/local-unit.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import { makeUnitIdentity } from '../scsi/make-unit-identity.ts';
import { NexusIds } from '../scsi/nexus.ts';
import { Router } from '../scsi/router/router.ts';
import type { BlockStore } from '../stores/block-store.ts';
import { formatHostPort } from './config/address.ts';
import type { ClusterConfig, SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { openStores } from './open-units.ts';
import type { ListeningPort, RunningSystem, SystemOptions } from './running-system.ts';
import { statusOf } from './system-status.ts';
import { addressText, discoveredTargets, targetPortsOf } from './target-ports.ts';
import { listenError, UserError } from './user-error.ts';

/** What all parts of a system share. */
interface Shared {
  readonly config: ClusterConfig;
  readonly system: SystemConfig;
  readonly env: Env;
  readonly log: Log;
  readonly pool: BufferPool;
  readonly nexusIds: NexusIds;
  /** One for all connections: see the invariant of Deframer. */
  readonly receiveBuffer: Uint8Array;
}

/** Rejects with UserError where something in the configuration or on this machine has to be put right. */
export async function startSystem(
  config: ClusterConfig,
  name: string,
  env: Env,
  log: Log,
  options: SystemOptions,
): Promise<RunningSystem> {
  const system = config.systems.find((candidate) => candidate.name === name);
  if (system === undefined) throw new UserError(`the configuration has no system "${name}"`);
  const shared: Shared = {
    config,
    system,
    env,
    log,
    pool: new BufferPool(POOL_KEEP_BYTES),
    nexusIds: new NexusIds(),
    receiveBuffer: new Uint8Array(RECEIVE_BUFFER_BYTES),
  };
  const own = config.units.filter(({ owner }) => owner === name);
  const stores = await openStores(env.disk, system, own);
  const parts = makeParts(shared, own, stores, options);
  try {
    await listen(shared, parts);
  } catch (error) {
    await stop(shared, parts);
    throw error;
  }
  return { listening: system.ports.map(listeningPort), stop: () => stop(shared, parts) };
}

interface Parts {
  readonly stores: readonly BlockStore[];
  readonly interconnect: Interconnect;
  readonly portals: readonly { readonly portal: Portal; readonly what: string; readonly address: string }[];
  readonly admin: AdminServer;
}

function makeParts(
  shared: Shared,
  own: readonly UnitConfig[],
  stores: readonly BlockStore[],
  { version }: SystemOptions,
): Parts {
  const { config, system, env, log, pool, nexusIds } = shared;
  const started = env.clock.now();
  const localUnits = own.map((unit, index) => {
    const store = stores[index];
    if (store === undefined) throw new Error(`unit ${unit.name} has no store`);
    return new LocalUnit({ identity: makeUnitIdentity(config.name, unit), store, pool, log });
  });
  const interconnect = makeInterconnect(shared, localUnits);
  const ports = config.systems.flatMap(targetPortsOf);
  const accessStates = new AccessStateTable(system.name, ports, interconnect);
  const units = new Map<string, LogicalUnit>();
  for (const unit of [...localUnits, ...interconnect.proxiedUnits]) units.set(unit.identity.name, unit);
  const router = new Router({
    units: config.units.map(({ name, lun }) => ({ lun, unit: unitNamed(units, name) })),
    initiators: config.initiators,
    accessStates,
    pool,
    nexusIds,
  });
  const portals = makePortals(shared, router);
  const sources = {
    config,
    system,
    version,
    clock: env.clock,
    started,
    pool,
    units,
    router,
    interconnect,
    accessStates,
  };
  const status = () => statusOf({ ...sources, portals: portals.map(({ portal }) => portal) });
  const admin = new AdminServer({ ...system.admin, status, log });
  return { stores, interconnect, portals, admin };
}

function makeInterconnect(shared: Shared, localUnits: readonly LogicalUnit[]): Interconnect {
  const { config, system, env, log, pool, nexusIds, receiveBuffer } = shared;
  return new Interconnect(env, {
    self: {
      cluster: config.name,
      name: system.name,
      incarnation: Buffer.from(env.random.bytes(8)).toString('hex'),
    },
    readSetLength: config.readSetLength,
    addresses: system.interconnect,
    partners: config.systems
      .filter(({ name }) => name !== system.name)
      .map(({ name, interconnect }) => ({ name, addresses: interconnect })),
    localUnits,
    partnerUnits: config.units
      .filter(({ owner }) => owner !== system.name)
      .map((unit) => makeUnitIdentity(config.name, unit)),
    pool,
    nexusIds,
    log,
    receiveBuffer,
  });
}

/** A portal for each physical port, which the virtual ports on it share. */
function makePortals(shared: Shared, router: Router): Parts['portals'] {
  const { config, system, env, log, pool, receiveBuffer } = shared;
  const targetPorts = new Map(targetPortsOf(system).map((port) => [port.name, port]));
  return system.ports
    .filter(({ kind }) => kind === 'physical')
    .map((physical) => {
      const sharing = system.ports.filter(({ name, on }) => name === physical.name || on === physical.name);
      const ports = sharing.flatMap(({ name }) => targetPorts.get(name) ?? []);
      const portal = new Portal(env, {
        address: { transport: 'tcp', ...physical.portal },
        ports,
        router,
        pool,
        log,
        receiveBuffer,
        discovery: () => discoveredTargets(config),
      });
      return { portal, what: `port "${physical.name}"`, address: formatHostPort(physical.portal) };
    });
}

/** The interconnect first: a client that logs in finds the ways to other systems being made already. */
async function listen({ system }: Shared, { interconnect, portals, admin }: Parts): Promise<void> {
  const interconnectText = system.interconnect.map(addressText).join(', ');
  await orListenError('the interconnect', interconnectText, interconnect.start());
  for (const { portal, what, address } of portals) await orListenError(what, address, portal.listen());
  await orListenError('the admin API', formatHostPort(system.admin), admin.listen());
}

async function orListenError(what: string, address: string, listening: Promise<unknown>): Promise<void> {
  try {
    await listening;
  } catch (error) {
    throw listenError(what, address, error);
  }
}

/** Clients first, so that nothing new comes; then the partners; the stores last, when nobody uses them any more. */
async function stop({ log }: Shared, { stores, interconnect, portals, admin }: Parts): Promise<void> {
  await Promise.all(portals.map(({ portal }) => portal.close()));
  await interconnect.stop(StopLimits.interconnectMilliseconds);
  await admin.close();
  const closed = await Promise.allSettled(stores.map((store) => store.close()));
  for (const store of closed) {
    if (store.status === 'rejected')
      log.error({ err: store.reason }, 'a store could not be flushed and closed');
  }
}

function unitNamed(units: ReadonlyMap<string, LogicalUnit>, name: string): LogicalUnit {
  const unit = units.get(name);
  if (unit === undefined) throw new Error(`no unit ${name}`);
  return unit;
}

function listeningPort(port: SystemConfig['ports'][number]): ListeningPort {
  const { name, kind, targetName, portalGroupTag } = port;
  return { port: name, kind, portal: formatHostPort(port.portal), targetName, portalGroupTag };
}
