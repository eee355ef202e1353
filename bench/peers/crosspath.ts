/** Crosspath itself: a cluster of two systems, a process each, joined by one kind of link. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { systemStatus } from '../../src/admin/schema.ts';
import type { Processes, RunningProcess } from '../processes.ts';
import type { Workspace } from '../workspace.ts';
import { freePorts } from './free-port.ts';
import type { Path, Peer, Server } from './peer.ts';
import { untilItReads } from './until-it-reads.ts';

/** The command line of the build that this file is part of, without bin/'s look whether it is up to date. */
const PROGRAM = path.resolve(import.meta.dirname, '..', '..', 'cli', 'main.js');
const READY_SECONDS = 20;
const SYSTEMS = ['alpha', 'beta'] as const;

export type Transport = 'tcp' | 'tls' | 'unix' | 'fcip';

export interface CrosspathOptions {
  readonly transport: Transport;
  /** Whether the path to alpha's own unit is one of the columns. */
  readonly direct: boolean;
  /** A folder for CPU profiles of the systems; null for none. */
  readonly profileFolder: string | null;
}

export class Crosspath implements Peer {
  readonly #processes: Processes;
  readonly #workspace: Workspace;
  readonly #options: CrosspathOptions;
  readonly #cluster: string;
  readonly #systems: RunningProcess[] = [];
  #admin: readonly number[] = [];
  #ownerPortal = 0;
  #proxied: Path | null = null;

  constructor(processes: Processes, workspace: Workspace, options: CrosspathOptions) {
    this.#processes = processes;
    this.#workspace = workspace;
    this.#options = options;
    this.#cluster = `bench-${options.transport}`;
  }

  async start(): Promise<readonly Path[]> {
    const folder = await this.#workspace.subfolder(this.#cluster);
    const file = path.join(folder, 'cluster.toml');
    const files = {
      alpha: await this.#workspace.unitFile(`${this.#cluster}-alpha.img`),
      beta: await this.#workspace.unitFile(`${this.#cluster}-beta.img`),
    };
    const ports = await freePorts(6);
    this.#admin = ports.slice(4);
    this.#ownerPortal = ports[1] ?? 0;
    await writeFile(file, this.#configuration(folder, files, ports));
    if (this.#options.transport === 'tls') {
      await this.#processes.run(process.execPath, [PROGRAM, 'keys', file], READY_SECONDS);
    }
    for (const system of SYSTEMS) this.#systems.push(this.#startSystem(file, system));
    for (const system of this.#systems) await system.printed(/^ready$/m, READY_SECONDS);
    const paths = this.#paths(files, ports[0] ?? 0);
    this.#proxied = paths.at(-1) ?? null;
    // The systems are ready before their link is.
    for (const each of paths) await untilItReads(this.#processes, each.url, this.#systems);
    return paths;
  }

  /** From the port of the proxied unit's owner. */
  get ownerPath(): Path {
    const beta = this.#systems[1];
    if (this.#proxied === null || beta === undefined) throw new Error('the cluster has not started');
    const url = `iscsi://127.0.0.1:${this.#ownerPortal}/${this.#targetName('beta-local')}/2`;
    const servers = this.#proxied.servers.filter(({ pid }) => pid === beta.pid);
    return { name: 'owner', url, file: this.#proxied.file, servers };
  }

  /** Writes of all units that had to wait for a sign of life of their client. */
  async writesHeld(): Promise<number> {
    const answers = this.#admin.map(async (port) => {
      const response = await fetch(`http://127.0.0.1:${port}/status`);
      const { units } = systemStatus.parse(await response.json());
      return units.reduce((sum, unit) => sum + unit.writesHeld, 0);
    });
    return (await Promise.all(answers)).reduce((sum, held) => sum + held, 0);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#systems.map((system) => system.stop()));
  }

  #startSystem(file: string, system: string): RunningProcess {
    const { profileFolder } = this.#options;
    const profile =
      profileFolder === null
        ? []
        : ['--cpu-prof', `--cpu-prof-dir=${path.join(profileFolder, `${this.#cluster}-${system}`)}`];
    const args = [...profile, PROGRAM, 'start', file, '--system', system];
    return this.#processes.start(process.execPath, args);
  }

  #paths(files: { alpha: string; beta: string }, portal: number): Path[] {
    const servers: Server[] = this.#systems.map((system, i) => ({
      name: `${this.#options.transport} ${SYSTEMS[i]}`,
      pid: system.pid,
    }));
    const target = (port: string) => `iscsi://127.0.0.1:${portal}/${this.#targetName(port)}`;
    const proxied = {
      name: `proxied-${this.#options.transport}`,
      url: `${target('alpha-proxy')}/2`,
      file: files.beta,
      servers,
    };
    if (!this.#options.direct) return [proxied];
    const url = `${target('alpha-local')}/1`;
    return [{ name: 'direct', url, file: files.alpha, servers: servers.slice(0, 1) }, proxied];
  }

  #targetName(port: string): string {
    return `iqn.2026-11.dev.crosspath:${this.#cluster}:${port}`;
  }

  #configuration(folder: string, files: { alpha: string; beta: string }, ports: readonly number[]): string {
    const [alphaPortal, betaPortal, alphaLink, betaLink, alphaAdmin, betaAdmin] = ports;
    const link = (system: string, port: number | undefined) =>
      this.#options.transport === 'unix'
        ? `unix:${folder}/${system}.sock`
        : `${this.#options.transport}://127.0.0.1:${port}`;
    return `[cluster]
name = "${this.#cluster}"
${this.#options.transport === 'tls' ? 'keys = "keys"\n' : ''}
[[system]]
name = "alpha"
state = "alpha"
interconnect = ["${link('alpha', alphaLink)}"]
admin = "127.0.0.1:${alphaAdmin}"

  [[system.port]]
  name = "alpha-local"
  kind = "physical"
  portal = "127.0.0.1:${alphaPortal}"
  serves = "local"

  [[system.port]]
  name = "alpha-proxy"
  kind = "virtual"
  on = "alpha-local"
  serves = "proxy"

[[system]]
name = "beta"
state = "beta"
interconnect = ["${link('beta', betaLink)}"]
admin = "127.0.0.1:${betaAdmin}"

  [[system.port]]
  name = "beta-local"
  kind = "physical"
  portal = "127.0.0.1:${betaPortal}"
  serves = "local"

[[unit]]
name = "vol-alpha"
owner = "alpha"
lun = 1
size = "1GiB"
store = { file = "${files.alpha}" }

[[unit]]
name = "vol-beta"
owner = "beta"
lun = 2
size = "1GiB"
store = { file = "${files.beta}" }
`;
  }
}
