/** A storage system of the simulated cluster: the product's own parts on a simulated machine, which may die and start again. */
import {
  type AssembledSystem,
  assembleSystem,
  makeShared,
  ownUnits,
  type Shared,
} from '../src/daemon/assemble-system.ts';
import type { ClusterConfig, SystemConfig } from '../src/daemon/config/cluster-config.ts';
import { mapRecords, recordKinds, type UnitRecords } from '../src/daemon/unit-records.ts';
import type { Env } from '../src/env/env.ts';
import type { Log } from '../src/env/log.ts';
import { StopLimits } from '../src/limits.ts';
import type { BlockStore } from '../src/stores/block-store.ts';
import { DiskStore } from '../src/stores/disk/disk-store.ts';
import { checked } from '../src/stores/layers/checked.ts';
import { RecordFile, recordFileLength, slotsIn } from '../src/stores/record/record-file.ts';
import type { Attentions } from './checkers/attentions.ts';
import { SimClock } from './env/clock.ts';
import { type DiskTraits, SimDiskFile, SimMedium } from './env/disk-file.ts';
import type { Fabric } from './env/fabric.ts';
import { SimNetwork } from './env/network.ts';
import type { SimProcess } from './world/process.ts';
import { Violation, type World } from './world/world.ts';

/** While it runs. */
export interface Running {
  readonly process: SimProcess;
  readonly shared: Shared;
  readonly parts: AssembledSystem;
  readonly stores: readonly BlockStore[];
  stopping: boolean;
}

export class SimSystem {
  readonly config: SystemConfig;
  /** By unit name; they outlive the process. */
  readonly media = new Map<string, SimMedium>();
  /** Of their own state that survives, by unit name. */
  readonly #records = new Map<string, UnitRecords<SimMedium>>();
  running: Running | null = null;
  /** Bytes: over all of its lives. */
  poolPeak = 0;
  starts = 0;
  readonly #cluster: ClusterConfig;
  readonly #world: World;
  readonly #fabric: Fabric;
  readonly #disk: DiskTraits;
  readonly #attentions: Attentions;

  constructor(
    cluster: ClusterConfig,
    config: SystemConfig,
    world: World,
    fabric: Fabric,
    disk: DiskTraits,
    attentions: Attentions,
  ) {
    this.#cluster = cluster;
    this.config = config;
    this.#world = world;
    this.#fabric = fabric;
    this.#disk = disk;
    this.#attentions = attentions;
    for (const { name, owner, byteLength } of cluster.units) {
      if (owner !== config.name) continue;
      this.media.set(name, new SimMedium(byteLength));
      this.#records.set(name, newRecords());
    }
  }

  get name(): string {
    return this.config.name;
  }

  start(): void {
    const world = this.#world;
    const process = world.newProcess(this.name);
    const env = this.#env(process);
    const shared = makeShared(this.#cluster, this.config, env, this.#log(), new Map());
    const recordFile = (medium: SimMedium) =>
      new RecordFile(new SimDiskFile(medium, world, process, this.#disk), slotsIn(medium.cache));
    const unitStores = ownUnits(shared).map(({ name, byteLength, blockLength }) => ({
      store: checked(
        new DiskStore(
          new SimDiskFile(this.medium(name), world, process, this.#disk),
          byteLength,
          blockLength,
        ),
      ),
      ...mapRecords(found(this.#records, name), recordFile),
    }));
    const stores = unitStores.map(({ store }) => store);
    const parts = assembleSystem(shared, unitStores);
    this.running = { process, shared, parts, stores, stopping: false };
    this.starts += 1;
    world.say(this.name, 'starts');
    void this.#listen(parts);
    world.usesPromises();
  }

  /** Its process dies at once; without power, so does its cache. */
  die(withPower: boolean): void {
    const { running } = this;
    if (running === null) return;
    this.#world.say(this.name, withPower ? 'killed' : 'loses power');
    this.poolPeak = Math.max(this.poolPeak, running.shared.pool.peakLeasedBytes);
    this.running = null;
    this.#fabric.processDied(running.process, withPower);
    this.#world.kill(running.process);
    if (!withPower) this.#fabric.down.add(this.name);
    const records = [...this.#records.values()]
      .flatMap((its) => Object.values(its))
      .filter(({ isDirty }) => isDirty);
    for (const medium of [...this.media.values(), ...records]) {
      if (withPower) medium.reopen();
      else medium.losePower(this.#world);
    }
  }

  /** As the daemon stops: clients first, then the partners, then the stores. `stopped`: unless it has died meanwhile. */
  stop(stopped: () => void): void {
    const { running } = this;
    if (running === null || running.stopping) return;
    running.stopping = true;
    this.#attentions.stops(this.name);
    this.#world.say(this.name, 'stops');
    this.#world.follow(
      running.process,
      this.#leave(running).then(() => {
        if (this.running === running) stopped();
      }),
    );
  }

  async #leave({ parts, stores }: Running): Promise<void> {
    await Promise.all(parts.portals.map(({ portal }) => portal.close()));
    await parts.interconnect.stop(StopLimits.interconnectMilliseconds);
    await Promise.allSettled(stores.map((store) => store.close()));
  }

  medium(unit: string): SimMedium {
    return found(this.media, unit);
  }

  /** As the daemon's: the interconnect first. */
  async #listen({ interconnect, portals }: AssembledSystem): Promise<void> {
    await interconnect.start();
    for (const { portal } of portals) await portal.listen();
  }

  #log(): Log {
    return simLog(this.#world, this.name, (partner, isLoss) =>
      this.#attentions.linkChanged(this.name, partner, this.#world.now, isLoss),
    );
  }

  #env(process: SimProcess): Env {
    const world = this.#world;
    return {
      clock: new SimClock(world, process),
      random: { bytes: (length) => world.prng.bytes(length) },
      network: new SimNetwork(this.#fabric, process, this.name),
      disk: { openFile: noFiles, createFile: noFiles, openDevice: noFiles },
    };
  }
}

function newRecords(): UnitRecords<SimMedium> {
  return mapRecords(recordKinds, ({ capacity }) => new SimMedium(recordFileLength(capacity)));
}

function found<T>(byUnit: ReadonlyMap<string, T>, unit: string): T {
  const value = byUnit.get(unit);
  if (value === undefined) throw new Error(`no unit ${unit} here`);
  return value;
}

/** Stores are made from media: nothing opens files. */
function noFiles(): never {
  throw new Error('the simulator has no files');
}

function simLog(world: World, who: string, linkChanged: (partner: string, isLoss: boolean) => void): Log {
  const say = (fields: object, message: string): void => {
    const isLoss = message === 'link down';
    if ((isLoss || message === 'link up') && 'partner' in fields) linkChanged(String(fields.partner), isLoss);
    if (world.trace.printing) world.say(who, `${message} ${JSON.stringify(fields)}`);
  };
  return {
    debug: say,
    info: say,
    warn: say,
    error: (fields, message) => {
      say(fields, message);
      if (message.includes('internal error')) throw new Violation('internal error', JSON.stringify(fields));
    },
  };
}
