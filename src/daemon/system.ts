/** One storage system: makes its parts, joins them, starts them in order and stops them in reverse. */
import { AdminServer } from '../admin/admin-server.ts';
import type { Env } from '../env/env.ts';
import type { Log } from '../env/log.ts';
import type { Identity } from '../iscsi/login/login.ts';
import { StopLimits } from '../limits.ts';
import type { BlockStore } from '../stores/block-store.ts';
import type { RecordFile } from '../stores/record/record-file.ts';
import {
  type AssembledSystem,
  assembleSystem,
  makeShared,
  ownUnits,
  type Shared,
} from './assemble-system.ts';
import { openChapFiles } from './chap-file.ts';
import { closeStores } from './close-stores.ts';
import { formatHostPort } from './config/address.ts';
import type { ClusterConfig, SystemConfig } from './config/cluster-config.ts';
import { openRecords } from './open-records.ts';
import { openStores } from './open-units.ts';
import { Reloader } from './reload.ts';
import type { ListeningPort, RunningSystem, SystemOptions } from './running-system.ts';
import { statusOf } from './system-status.ts';
import { addressElsewhere, addressText } from './target-ports.ts';
import type { UnitRecords } from './unit-records.ts';
import { listenError, UserError } from './user-error.ts';

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
  const shared = makeShared(config, system, env, log, openChapFiles(config, log));
  const stores = await openStores(env.disk, system, ownUnits(shared));
  const records = await openRecordsToo(shared, stores);
  const parts = makeParts(shared, stores, records, options);
  try {
    await listen(shared, parts);
  } catch (error) {
    await stop(shared, parts);
    throw error;
  }
  return { listening: system.ports.map(listeningPort), stop: () => stop(shared, parts) };
}

/** Closes the stores where it can't. */
async function openRecordsToo(
  shared: Shared,
  stores: readonly BlockStore[],
): Promise<UnitRecords<RecordFile>[]> {
  try {
    return await openRecords(shared.env.disk, shared.system, ownUnits(shared));
  } catch (error) {
    await Promise.all(stores.map((store) => store.close()));
    throw error;
  }
}

interface Parts {
  readonly stores: readonly BlockStore[];
  readonly records: readonly UnitRecords<RecordFile>[];
  readonly assembled: AssembledSystem;
  readonly admin: AdminServer;
  readonly reloader: Reloader;
}

function makeParts(
  shared: Shared,
  stores: readonly BlockStore[],
  records: readonly UnitRecords<RecordFile>[],
  { version, readConfig }: SystemOptions,
): Parts {
  const { config, system, env, log, pool, access, stages } = shared;
  const started = env.clock.now();
  const unitStores = records.map((its, index) => ({ ...its, store: storeAt(stores, index) }));
  const assembled = assembleSystem(shared, unitStores);
  const { router, interconnect, accessStates } = assembled;
  const sources = {
    config,
    system,
    version,
    clock: env.clock,
    started,
    pool,
    access,
    units: assembled.units,
    router,
    interconnect,
    accessStates,
    stages,
    portals: assembled.portals.map(({ portal }) => portal),
  };
  const units = assembled.localUnits;
  const reloader = new Reloader({ system: system.name, config, readConfig, units, log });
  const [status, reload] = [() => statusOf(sources), () => reloader.reload()];
  const admin = new AdminServer({ ...system.admin, status, reload, log });
  return { stores, records, assembled, admin, reloader };
}

/** The interconnect first: a client that logs in finds the ways to other systems being made already. */
async function listen({ system }: Shared, { assembled, admin }: Parts): Promise<void> {
  const { interconnect, portals } = assembled;
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

/** Clients first, so that nothing new comes, and asked first; then the partners; the stores last, when nobody uses them any more. */
async function stop(shared: Shared, parts: Parts): Promise<boolean> {
  const { interconnect, portals } = parts.assembled;
  const isUp = (other: string) => interconnect.isUp(other);
  const elsewhere = (identity: Identity) => addressElsewhere(shared, identity, isUp);
  await Promise.all(portals.map(({ portal }) => portal.leave(elsewhere)));
  await Promise.all(portals.map(({ portal }) => portal.close()));
  await interconnect.stop(StopLimits.interconnectMilliseconds);
  await parts.admin.close();
  parts.reloader.stop();
  const closing = ownUnits(shared).flatMap(({ name }, index) =>
    [...Object.values(parts.records[index] ?? {}), storeAt(parts.stores, index)].map((store) => ({
      unit: name,
      store,
    })),
  );
  return closeStores(closing, shared.env.clock, shared.log);
}

function storeAt(stores: readonly BlockStore[], index: number): BlockStore {
  const store = stores[index];
  if (store === undefined) throw new Error(`no store ${index}`);
  return store;
}

function listeningPort(port: SystemConfig['ports'][number]): ListeningPort {
  const { name, kind, targetName, portalGroupTag } = port;
  return { port: name, kind, portal: formatHostPort(port.portal), targetName, portalGroupTag };
}
