/** One seed: makes the cluster and its clients, lets them run through trouble and out of it, and checks what came of it. */
import type { ClusterConfig } from '../src/daemon/config/cluster-config.ts';
import { mostHeld, ReadBack, unrestOf } from './checkers/at-rest.ts';
import { Attentions } from './checkers/attentions.ts';
import { History } from './checkers/history.ts';
import { Reservations } from './checkers/reservations.ts';
import { BLOCK_LENGTH, versionAt } from './checkers/stamps.ts';
import { ClientHost, type Life } from './clients/host.ts';
import { makeCluster } from './cluster-config.ts';
import { Fabric } from './env/fabric.ts';
import { FaultPlan } from './faults.ts';
import { drawSwarm, type Swarm } from './swarm.ts';
import { SimSystem } from './system.ts';
import { Prng } from './world/prng.ts';
import type { Trace } from './world/trace.ts';
import { Violation, World } from './world/world.ts';

/** Simulated ms: the safety phase, until everything has recovered, until nobody asks for more, until all is at rest. */
const Phases = { start: 500, heal: 11_500, recovered: 15_500, quiet: 19_000, rest: 20_000 } as const;

export class Simulation {
  readonly swarm: Swarm;
  readonly cluster: ClusterConfig;
  readonly world: World;
  readonly fabric: Fabric;
  readonly systems: readonly SimSystem[];
  readonly clients: readonly ClientHost[];
  readonly history: History;
  readonly attentions = new Attentions();
  /** By unit. */
  readonly reservations: readonly Reservations[];

  /** Units whose reservations are to be cleared before they are read back. */
  #toRead = 0;

  /** `pinned`: takes the place of what the seed draws. */
  constructor(seed: number, trace: Trace, pinned: Partial<Swarm> = {}) {
    const prng = new Prng(seed, 1);
    this.swarm = { ...drawSwarm(prng), ...pinned };
    this.cluster = makeCluster(this.swarm, prng);
    this.world = new World(new Prng(seed, 2), trace);
    this.fabric = new Fabric(this.world, this.swarm.network);
    const { world, fabric, swarm, cluster } = this;
    this.systems = cluster.systems.map(
      (system) => new SimSystem(cluster, system, world, fabric, swarm.disk, this.attentions),
    );
    this.history = new History(cluster.units.map(() => swarm.unitBlocks));
    this.reservations = cluster.units.map((_, unit) => new Reservations(unit));
    this.clients = swarm.clientTraits.map((_, index) => this.#makeClient(index));
  }

  /** Throws a Violation where something is wrong with the product, and whatever the product throws. */
  async run(): Promise<void> {
    const { world } = this;
    for (const system of this.systems) this.start(system);
    for (const client of this.clients) client.start();
    const faults = new FaultPlan(this);
    await world.run(Phases.start);
    faults.start();
    await world.run(Phases.heal);
    faults.heal();
    for (const { workload, member } of this.#lives) {
      workload.stopResets();
      member?.stop();
    }
    const before = this.clients.map(({ completed }) => completed);
    await world.run(Phases.recovered);
    this.#checkProgress(before);
    for (const { workload } of this.#lives) workload.stop();
    this.#readBack();
    await world.run(Phases.quiet);
    if (this.#toRead > 0) throw new Violation('no end', `reservations of ${this.#toRead} units`);
    for (const { process, client } of this.#lives) {
      if (client.running.size > 0)
        throw new Violation('no end', `${process.name} waits for ${client.running.size} operations`);
    }
    for (const { client } of this.#lives) for (const path of client.paths) path.leave();
    for (const reservations of this.reservations) reservations.finish();
    await this.#comeToRest();
  }

  /** Of the clients that run: when the faults have ended, all of them. */
  get #lives(): Life[] {
    return this.clients.flatMap(({ life }) => life ?? []);
  }

  start(system: SimSystem): void {
    this.fabric.powerOn(system.name);
    system.start();
  }

  /** What its units hold from here on is the beginning of another era. */
  kill(system: SimSystem, withPower: boolean): void {
    const failed = new Map([...system.media].map(([name, { flushFailed }]) => [name, flushFailed]));
    system.die(withPower);
    for (const [index, { name, owner }] of this.cluster.units.entries()) {
      if (owner !== system.name) continue;
      const { cache } = system.medium(name);
      const versions = new Uint32Array(cache.length / BLOCK_LENGTH);
      for (let block = 0; block < versions.length; block += 1) {
        versions[block] = versionAt(cache, block * BLOCK_LENGTH, index, block);
      }
      const after = withPower && failed.get(name) !== true ? 'kill' : 'power';
      this.reservations[index]?.ownerDied(this.world.now);
      this.history.unit(index).eras.push({ start: this.world.now, after, versions });
    }
  }

  #makeClient(index: number): ClientHost {
    const { world, fabric, cluster, history, attentions, reservations, swarm } = this;
    const traits = this.swarm.clientTraits[index];
    if (traits === undefined) throw new Error(`no client ${index}`);
    const owners = cluster.units.map(({ owner }) => owner);
    const unitBlocks = cluster.units.map(() => this.swarm.unitBlocks);
    const paths = this.#ports().flatMap(({ system, port }, place) => {
      const serves = (owner: string): boolean =>
        port.serves === 'all' || (port.serves === 'local') === (owner === system);
      const luns = cluster.units.filter(({ owner }) => serves(owner)).map(({ lun }) => lun);
      if (luns.length === 0) return [];
      return {
        system,
        address: { transport: 'tcp', ...port.portal } as const,
        initiatorName: `iqn.2026-11.dev.crosspath.sim:client-${index}`,
        isid: `80000000000${place}`,
        targetName: port.targetName,
        luns,
        session: traits.session,
        commandTimeout: traits.commandTimeout,
        owners,
        attentions,
        reservations,
      };
    });
    return new ClientHost(world, fabric, history, {
      client: { index, traits, owners, attentions, reservations, clients: swarm.clients },
      paths,
      unitBlocks,
      reservations: swarm.reservations,
    });
  }

  #ports() {
    return this.cluster.systems.flatMap(({ name, ports }) => ports.map((port) => ({ system: name, port })));
  }

  #checkProgress(before: readonly number[]): void {
    for (const [index, { name, life, completed }] of this.clients.entries()) {
      if (life === null) throw new Error(`${name} does not run`);
      const { client } = life;
      if (completed === before[index])
        throw new Violation('no progress', `${name} has done nothing since the faults ended`);
      for (const operation of client.running) {
        if (operation.asked < Phases.heal) {
          throw new Violation(
            'no end',
            `${name}: a ${operation.kind} asked for at ${operation.asked.toFixed(0)} ms has no end`,
          );
        }
      }
      for (const path of client.paths) {
        const missing = path.options.luns.filter((lun) => !path.works(lun));
        if (missing.length > 0) {
          throw new Violation(
            'path lost',
            `${name} through ${path.options.system}: units ${missing.join(', ')} do not answer`,
          );
        }
      }
    }
  }

  async #comeToRest(): Promise<void> {
    let unrest: Violation | null = null;
    for (let later = 0; later < 5; later += 1) {
      await this.world.run(Phases.rest + later * 7);
      unrest = unrestOf(this.systems, mostHeld(this.swarm));
      if (unrest === null) return;
    }
    if (unrest !== null) throw unrest;
  }

  #readBack(): void {
    const blocks = Math.min(this.swarm.unitBlocks, ReadBack.blocks);
    for (const [unit] of this.cluster.units.entries()) {
      const read = (): void => {
        this.#toRead -= 1;
        for (const { workload } of this.#lives.slice(0, ReadBack.readers)) workload.readAll(unit, blocks);
      };
      const member = this.#lives[0]?.member ?? null;
      this.#toRead += 1;
      if (member === null) read();
      else member.clear(unit, read);
    }
  }
}
