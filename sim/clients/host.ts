/** The machine that a client runs on: it may die in the middle of what it does, and come back as the same initiator. */
import type { History } from '../checkers/history.ts';
import type { Fabric } from '../env/fabric.ts';
import { SimNetwork } from '../env/network.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { Client, type ClientOptions } from './client.ts';
import { ClusterMember, type ReservationTraits } from './cluster-member.ts';
import { LostWrites } from './lost-writes.ts';
import { Path, type PathOptions } from './path.ts';
import { Workload } from './workload.ts';

export interface HostOptions {
  readonly client: ClientOptions;
  readonly paths: readonly PathOptions[];
  readonly unitBlocks: readonly number[];
  /** Null: it makes no reservations. */
  readonly reservations: ReservationTraits | null;
}

/** From a start to a death. */
export interface Life {
  readonly process: SimProcess;
  readonly client: Client;
  readonly workload: Workload;
  readonly member: ClusterMember | null;
}

export class ClientHost {
  readonly name: string;
  /** Null while it is dead. */
  life: Life | null = null;
  readonly #world: World;
  readonly #fabric: Fabric;
  readonly #history: History;
  readonly #options: HostOptions;
  readonly #lost = new LostWrites();
  /** Of the lives that are over. */
  #completed = 0;
  #retries = 0;

  constructor(world: World, fabric: Fabric, history: History, options: HostOptions) {
    this.name = `client-${options.client.index}`;
    this.#world = world;
    this.#fabric = fabric;
    this.#history = history;
    this.#options = options;
  }

  get completed(): number {
    return this.#completed + (this.life?.workload.completed ?? 0);
  }

  get retries(): number {
    return this.#retries + (this.life?.client.retries ?? 0);
  }

  start(): void {
    const { client: options, paths, unitBlocks, reservations } = this.#options;
    const process = this.#world.newProcess(this.name);
    const network = new SimNetwork(this.#fabric, process, this.name);
    const client = new Client(this.#world, process, this.#history, this.#lost, options);
    for (const path of paths) client.paths.push(new Path(this.#world, process, network, path, client));
    const workload = new Workload(this.#world, client, unitBlocks);
    const member = reservations === null ? null : new ClusterMember(this.#world, client, reservations);
    this.life = { process, client, workload, member };
    this.#fabric.powerOn(this.name);
    this.#world.say(this.name, 'starts');
    for (const path of client.paths) path.start();
    workload.start();
    member?.start();
  }

  /** `withPower`: its kernel lives on and closes the connections; otherwise nobody is told. */
  die(withPower: boolean): void {
    const { life } = this;
    if (life === null) return;
    this.#world.say(this.name, withPower ? 'killed' : 'loses power');
    this.life = null;
    this.#completed += life.workload.completed;
    this.#retries += life.client.retries;
    life.client.die();
    life.member?.die();
    this.#fabric.processDied(life.process, withPower);
    this.#world.kill(life.process);
    if (!withPower) this.#fabric.down.add(this.name);
  }
}
