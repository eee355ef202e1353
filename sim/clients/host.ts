/** The machine that a client runs on: it may die in the middle of what it does, and come back as the same initiator. */
import type { History } from '../checkers/history.ts';
import type { Fabric } from '../env/fabric.ts';
import { SimNetwork } from '../env/network.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { Client, type ClientOptions, LostWrites } from './client.ts';
import { Path, type PathOptions } from './path.ts';
import { Workload } from './workload.ts';

export interface HostOptions {
  readonly client: ClientOptions;
  readonly paths: readonly PathOptions[];
  readonly unitBlocks: readonly number[];
}

/** From a start to a death. */
export interface Life {
  readonly process: SimProcess;
  readonly client: Client;
  readonly workload: Workload;
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
    const { client: options, paths, unitBlocks } = this.#options;
    const process = this.#world.newProcess(this.name);
    const network = new SimNetwork(this.#fabric, process, this.name);
    const client = new Client(this.#world, process, this.#history, this.#lost, options);
    for (const path of paths) client.paths.push(new Path(this.#world, process, network, path, client));
    const workload = new Workload(this.#world, client, unitBlocks);
    this.life = { process, client, workload };
    this.#fabric.powerOn(this.name);
    this.#world.say(this.name, 'starts');
    for (const path of client.paths) path.start();
    workload.start();
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
    this.#fabric.processDied(life.process, withPower);
    this.#world.kill(life.process);
    if (!withPower) this.#fabric.down.add(this.name);
  }
}
