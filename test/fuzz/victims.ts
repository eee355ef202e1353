/** Two storage systems in processes of their own that are attacked, and what must be true of them afterwards. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../../cli/read-config.ts';
import { askAll } from '../../cli/status/ask.ts';
import type { SystemStatus } from '../../src/admin/schema.ts';
import type { LinkAddress } from '../../src/cluster/link/link-address.ts';
import type { ClusterConfig, PortConfig } from '../../src/daemon/config/cluster-config.ts';
import { freePorts } from '../support/free-ports.ts';
import { SystemProcess } from '../support/system-process.ts';
import { firstToHang } from './hang-watch.ts';
import { chap, chapFile, portNames, victimFile } from './victim-file.ts';
import { Witness } from './witness.ts';

/**
 * What is to come back comes soon or not at all, and the machine may be busy; but a session of error recovery level 2, which a changed key may have
 * asked for, stays without a connection for 30 s, and as long again after a logout for recovery.
 */
const PATIENCE_MILLISECONDS = 90_000;
/** Of two processes, beside whatever else a machine is busy with for hours. */
const START_MILLISECONDS = 180_000;
const POLL_MILLISECONDS = 20;
/** From the end of a process's connections to when its own is known. */
const ENDING_MILLISECONDS = 20_000;
/** A process may grow by so much while it is warming up, and no further than this afterwards. */
const GROWTH_BYTES = 160 << 20;
const WARM_UP_CHECKS = 5;
const names = ['alpha', 'beta'] as const;

export class Victims {
  /** Bytes: the most that each process was seen to take. */
  readonly peakMemory: Record<string, number> = {};
  readonly #folder: string;
  readonly #config: ClusterConfig;
  readonly #systems: readonly SystemProcess[];
  readonly #witness: Witness;
  readonly #wrong: string[] = [];
  readonly #warm: Record<string, number> = {};
  #checks = 0;

  /** `nodeArguments`: of the systems' processes, in front of the product's entry. */
  static async start(nodeArguments: readonly string[] = []): Promise<Victims> {
    const folder = await mkdtemp(path.join(tmpdir(), 'crosspath-fuzz-'));
    const file = path.join(folder, 'cluster.toml');
    const ports = await freePorts(14);
    const addresses = { portals: ports.slice(0, 7), links: ports.slice(7, 11), admin: ports.slice(11) };
    await writeFile(file, victimFile(addresses));
    await writeFile(path.join(folder, chap.file), chapFile, { mode: 0o600 });
    const systems = names.map((name) => new SystemProcess(file, name, nodeArguments));
    const victims = new Victims(folder, readConfig(file), systems);
    try {
      await Promise.all(systems.map((system) => system.ready(START_MILLISECONDS)));
      await victims.settled();
      await victims.#witness.begin();
    } catch (error) {
      await victims.end();
      throw error;
    }
    return victims;
  }

  private constructor(folder: string, config: ClusterConfig, systems: readonly SystemProcess[]) {
    this.#folder = folder;
    this.#config = config;
    this.#systems = systems;
    this.#witness = new Witness((name) => this.port(name));
    for (const { name, log } of systems) {
      log.onLine = (line) => {
        if (/internal error|AssertionError|uncaught/i.test(line)) this.#wrong.push(`${name} logged: ${line}`);
      };
    }
  }

  /** By number, modulo how many there are; or by name. */
  port(which: number | string): PortConfig {
    const name = typeof which === 'number' ? portNames[which % portNames.length] : which;
    const port = this.#config.systems.flatMap((system) => system.ports).find((one) => one.name === name);
    assert(port !== undefined, `there is no port ${name}`);
    return port;
  }

  /** Where a system listens for gamma: over TCP, or over FCIP. */
  link(system: string, transport: 'tcp' | 'fcip'): LinkAddress {
    const found = this.#config.systems.find(({ name }) => name === system);
    const address = found?.interconnect.find((one) => one.transport === transport);
    assert(address !== undefined, `${system} has no ${transport} address`);
    return address;
  }

  /** Something that must not be, seen by whoever sees it. */
  wrong(what: string): void {
    this.#wrong.push(what);
  }

  /** Throws, with all that is known, where an attack has left something behind. */
  async check(): Promise<void> {
    this.#noneEnded();
    await this.settled();
    await this.#witness.look().catch((error: unknown) => this.wrong(`a second client: ${textOf(error)}`));
    await this.settled();
    this.#noneEnded();
    this.#checks += 1;
    assert.deepEqual(this.#wrong, [], `what must not be: ${this.#wrong.join('\n')}\n${this.#said()}`);
    for (const { log } of this.#systems) log.forget();
  }

  /** Sessions, exchanges and buffers are back to none. */
  async settled(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const answers = await askAll(this.#config);
      const statuses = answers.flatMap((answer) => ('status' in answer ? [answer.status] : []));
      const left = statuses.flatMap(leftOf);
      if (left.length === 0 && statuses.length === names.length) return this.#weigh(statuses);
      this.#noneEnded();
      if (performance.now() > deadline) {
        throw new Error(`never given back: ${left.join(', ')}\n${JSON.stringify(answers)}\n${this.#said()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
  }

  /** Throws when a system has hung; gives up once `over` is aborted. */
  async hang(over: AbortSignal): Promise<void> {
    const ask = async () =>
      (await askAll(this.#config)).flatMap((one) => ('status' in one ? [one.name] : []));
    const name = await firstToHang(this.#systems, ask, over);
    if (name !== null) throw new Error(`hangs: ${name}\n${this.#said()}`);
  }

  /** What has gone wrong, where that a connection failed says it only of those who found nobody there any more. */
  async reason(error: unknown): Promise<unknown> {
    if (!(error instanceof Error && 'syscall' in error)) return error;
    for (let left = ENDING_MILLISECONDS; left > 0; left -= POLL_MILLISECONDS) {
      if (this.#systems.some(({ isRunning }) => !isRunning)) return this.#ended();
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
    return error;
  }

  async end(): Promise<void> {
    await Promise.all(this.#systems.map((system) => system.kill()));
    await rm(this.#folder, { recursive: true });
  }

  #weigh(statuses: readonly SystemStatus[]): void {
    for (const { system } of statuses) {
      const { name, memoryBytes } = system;
      this.peakMemory[name] = Math.max(this.peakMemory[name] ?? 0, memoryBytes);
      if (this.#checks < WARM_UP_CHECKS) this.#warm[name] = Math.max(this.#warm[name] ?? 0, memoryBytes);
      const grown = memoryBytes - (this.#warm[name] ?? 0);
      if (grown > GROWTH_BYTES) this.wrong(`${name} has grown by ${grown} bytes`);
    }
  }

  #noneEnded(): void {
    if (this.#systems.some(({ isRunning }) => !isRunning)) throw this.#ended();
  }

  #ended(): Error {
    const ended = this.#systems.filter(({ isRunning }) => !isRunning).map(({ name }) => name);
    return new Error(`ended: ${ended.join(', ')}\n${this.#said()}`);
  }

  #said(): string {
    return this.#systems.map(({ said }) => said.slice(-6000)).join('\n');
  }
}

/** What a system still has of somebody's. */
function leftOf({ system, sessions, links }: SystemStatus): string[] {
  const exchanges = links.reduce((sum, link) => sum + link.exchanges, 0);
  const own = links.filter(({ partner, state }) => partner !== 'gamma' && state !== 'up');
  const gamma = links.filter(({ partner, state }) => partner === 'gamma' && state === 'up');
  return [
    ...(sessions.length > 0 ? [`${sessions.length} sessions of ${system.name}`] : []),
    ...(exchanges > 0 ? [`${exchanges} exchanges of ${system.name}`] : []),
    ...(system.bufferedBytes > 0 ? [`${system.bufferedBytes} bytes of ${system.name}`] : []),
    ...own.map(
      ({ partner, transport }) => `a link of ${system.name} to ${partner} over ${transport} is down`,
    ),
    ...gamma.map(() => `a link of ${system.name} to gamma`),
  ];
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
