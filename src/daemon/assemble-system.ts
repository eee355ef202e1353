/**
 * The parts of one storage system and how they are joined, from the configuration and its open stores: what the
 * daemon and the simulator have in common. Nothing here listens, dials or waits.
 */
import { BufferPool } from '../buffers/buffer-pool.ts';
import { AccessStateTable } from '../cluster/access-state/access-state-table.ts';
import { Interconnect } from '../cluster/interconnect.ts';
import type { Env } from '../env/env.ts';
import type { Log } from '../env/log.ts';
import { Portal } from '../iscsi/portal/portal.ts';
import { Stages } from '../latency/stages.ts';
import { POOL_KEEP_BYTES, RECEIVE_BUFFER_BYTES } from '../limits.ts';
import { LocalUnit } from '../scsi/local-unit/local-unit.ts';
import { Reservations } from '../scsi/local-unit/reservations/reservations.ts';
import type { LogicalUnit } from '../scsi/logical-unit.ts';
import { makeUnitIdentity } from '../scsi/make-unit-identity.ts';
import { Order } from '../scsi/order.ts';
import { Router } from '../scsi/router/router.ts';
import type { TargetPort } from '../scsi/target-port.ts';
import type { UnitIdentity } from '../scsi/unit-identity.ts';
import type { BlockStore } from '../stores/block-store.ts';
import { formatHostPort } from './config/address.ts';
import type { ClusterConfig, SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { GroupAccess, type GroupSecrets } from './group-access.ts';
import { initiatorMaps, othersLun } from './lun-maps.ts';
import { discoveredTargets, targetPortsOf } from './target-ports.ts';
import type { UnitRecords } from './unit-records.ts';

/** What all parts of a system share. */
export interface Shared {
  readonly config: ClusterConfig;
  readonly system: SystemConfig;
  readonly env: Env;
  readonly log: Log;
  readonly pool: BufferPool;
  readonly order: Order;
  /** One for all connections: see the invariant of Deframer. */
  readonly receiveBuffer: Uint8Array;
  readonly access: GroupAccess;
  readonly stages: Stages;
}

export interface AssembledPortal {
  readonly portal: Portal;
  /** For messages: the port that it belongs to, and where it listens. */
  readonly what: string;
  readonly address: string;
}

export interface AssembledSystem {
  readonly localUnits: readonly LocalUnit[];
  /** Every unit of the cluster, by name. */
  readonly units: ReadonlyMap<string, LogicalUnit>;
  readonly interconnect: Interconnect;
  readonly accessStates: AccessStateTable;
  readonly router: Router;
  readonly portals: readonly AssembledPortal[];
}

/** `secrets`: of every group that has a file of them. */
export function makeShared(
  config: ClusterConfig,
  system: SystemConfig,
  env: Env,
  log: Log,
  secrets: GroupSecrets,
): Shared {
  const pool = new BufferPool(POOL_KEEP_BYTES);
  const receiveBuffer = new Uint8Array(RECEIVE_BUFFER_BYTES);
  const access = new GroupAccess(config.initiatorGroups, secrets, env.random);
  const stages = new Stages(env.clock);
  return { config, system, env, log, pool, order: new Order(), receiveBuffer, access, stages };
}

/** What of a unit is on disk: its bytes, and where its own state survives power loss. */
export interface UnitStores extends UnitRecords {
  readonly store: BlockStore;
}

/** The units that the system owns: `assembleSystem` wants their stores in this order. */
export function ownUnits({ config, system }: Shared): readonly UnitConfig[] {
  return config.units.filter(({ owner }) => owner === system.name);
}

export function assembleSystem(shared: Shared, stores: readonly UnitStores[]): AssembledSystem {
  const { config, system, env, log, pool, order } = shared;
  const ports = config.systems.flatMap(targetPortsOf);
  const localUnits = ownUnits(shared).map((unit, index) => {
    const its = stores[index];
    if (its === undefined) throw new Error(`unit ${unit.name} has no store`);
    const identity = identityOf(config, unit, its.store.thin);
    const relativePorts = ports.filter((port) => shows(port, unit)).map(({ relativeId }) => relativeId);
    const reservations = new Reservations({ store: its.reservations, relativePorts });
    const records = { reservations, modeStore: its.modePages, identifyingStore: its.identifying };
    const { readOnly, lowSpace } = unit;
    const { clock, random } = env;
    const unitCount = stores.length;
    const parts = { pool, clock, random, order, log, unitCount, ...records };
    return new LocalUnit({ identity, store: its.store, readOnly, lowSpace, ...parts });
  });
  const interconnect = makeInterconnect(shared, localUnits);
  const accessStates = new AccessStateTable(system.name, ports, interconnect);
  const units = new Map<string, LogicalUnit>();
  for (const unit of [...localUnits, ...interconnect.proxiedUnits]) units.set(unit.identity.name, unit);
  const router = new Router({
    units: config.units.map((unit) => ({ lun: othersLun(config, unit), unit: unitNamed(units, unit.name) })),
    initiators: initiatorMaps(config),
    accessStates,
    pool,
    clock: env.clock,
    order,
  });
  const portals = makePortals(shared, router);
  return { localUnits, units, interconnect, accessStates, router, portals };
}

function makeInterconnect(shared: Shared, localUnits: readonly LocalUnit[]): Interconnect {
  const { config, system, env, log, pool, order, receiveBuffer, stages } = shared;
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
      .map((unit) => identityOf(config, unit, true)),
    pool,
    order,
    stages,
    log,
    receiveBuffer,
  });
}

/** A portal for each physical port, which the virtual ports on it share. */
function makePortals(shared: Shared, router: Router): readonly AssembledPortal[] {
  const { config, system, env, log, pool, receiveBuffer, access, stages } = shared;
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
        stages,
        receiveBuffer,
        access,
        discovery: (initiator, at) =>
          discoveredTargets(config, system, at, (port) => access.permits(initiator, port)),
      });
      return { portal, what: `port "${physical.name}"`, address: formatHostPort(physical.portal) };
    });
}

/** `thinlyProvisioned`: of another system's unit it is learnt (docs/interconnect.md section 4). */
function identityOf({ name }: ClusterConfig, unit: UnitConfig, thinlyProvisioned: boolean): UnitIdentity {
  return makeUnitIdentity(name, { ...unit, reportsSpace: unit.store.kind === 'file', thinlyProvisioned });
}

function shows({ serves, system }: TargetPort, { owner }: UnitConfig): boolean {
  return serves === 'all' || (serves === 'local') === (system === owner);
}

function unitNamed(units: ReadonlyMap<string, LogicalUnit>, name: string): LogicalUnit {
  const unit = units.get(name);
  if (unit === undefined) throw new Error(`no unit ${name}`);
  return unit;
}
