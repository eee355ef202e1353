/** A running cluster of two systems, a process each, joined by one kind of link. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type SystemStatus, systemStatus } from '../../src/admin/schema.ts';
import type { Processes, RunningProcess } from '../processes.ts';
import type { Workspace } from '../workspace.ts';
import {
  type ClusterUnit,
  clusterConfiguration,
  type PortName,
  SYSTEMS,
  type SystemName,
  type SystemPorts,
  type Transport,
} from './cluster-configuration.ts';
import { freePorts } from './free-port.ts';
import type { Path, Server } from './peer.ts';
import { untilItReads } from './until-it-reads.ts';

/** The command line of the build that this file is part of, without bin/'s look whether it is up to date. */
const PROGRAM = path.resolve(import.meta.dirname, '..', '..', 'cli', 'main.js');
const READY_SECONDS = 60;

export interface ClusterOptions {
  /** Part of target names: of one run, no two clusters have the same. */
  readonly name: string;
  readonly transport: Transport;
  readonly units: readonly ClusterUnit[];
  /** What a system's Node is started with, before the program. */
  readonly nodeArguments: (system: SystemName) => readonly string[];
}

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #ports: Readonly<Record<SystemName, SystemPorts>>;
  readonly #systems: Readonly<Record<SystemName, RunningProcess>>;

  static async start(processes: Processes, workspace: Workspace, options: ClusterOptions): Promise<Cluster> {
    const { name, transport, units, nodeArguments } = options;
    const folder = await workspace.subfolder(name);
    const file = path.join(folder, 'cluster.toml');
    const numbers = await freePorts(6);
    const portsFrom = (first: number): SystemPorts => {
      const [portal = 0, link = 0, admin = 0] = numbers.slice(first);
      return { portal, link, admin };
    };
    const ports = { alpha: portsFrom(0), beta: portsFrom(3) };
    await writeFile(file, clusterConfiguration({ name, transport, folder, ports, units }));
    if (transport === 'tls') await processes.run(process.execPath, [PROGRAM, 'keys', file], READY_SECONDS);
    const start = (system: SystemName) =>
      processes.start(process.execPath, [
        ...nodeArguments(system),
        PROGRAM,
        'start',
        file,
        '--system',
        system,
      ]);
    const systems = { alpha: start('alpha'), beta: start('beta') };
    const cluster = new Cluster(options, ports, systems);
    for (const system of SYSTEMS) await systems[system].printed(/^ready$/m, READY_SECONDS);
    // The systems are ready before their link is.
    for (const way of cluster.#oneWayToEachOwner())
      await untilItReads(processes, way.url, Object.values(systems));
    return cluster;
  }

  private constructor(
    options: ClusterOptions,
    ports: Readonly<Record<SystemName, SystemPorts>>,
    systems: Readonly<Record<SystemName, RunningProcess>>,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#systems = systems;
  }

  system(name: SystemName): RunningProcess {
    return this.#systems[name];
  }

  /** The way to a unit by a port that shows it; the column `name`. */
  path(name: string, port: PortName, { lun, file }: ClusterUnit): Path {
    const at: SystemName = port === 'beta-local' ? 'beta' : 'alpha';
    const target = `iqn.2026-11.dev.crosspath:${this.#options.name}:${port}`;
    const url = `iscsi://127.0.0.1:${this.#ports[at].portal}/${target}/${lun}`;
    const through: readonly SystemName[] = port === 'alpha-proxy' ? SYSTEMS : [at];
    return { name, url, file, servers: through.map((system) => this.#server(system)) };
  }

  /** What each system says of itself. */
  statuses(): Promise<SystemStatus[]> {
    const ask = async (system: SystemName) => {
      const response = await fetch(`http://127.0.0.1:${this.#ports[system].admin}/status`);
      return systemStatus.parse(await response.json());
    };
    return Promise.all(SYSTEMS.map(ask));
  }

  async stop(): Promise<void> {
    await Promise.all(SYSTEMS.map((system) => this.#systems[system].stop()));
  }

  #server(system: SystemName): Server {
    return { name: `${this.#options.transport} ${system}`, pid: this.#systems[system].pid };
  }

  #oneWayToEachOwner(): Path[] {
    return SYSTEMS.flatMap((owner) => {
      const unit = this.#options.units.find((each) => each.owner === owner);
      return unit === undefined
        ? []
        : [this.path(owner, owner === 'alpha' ? 'alpha-local' : 'alpha-proxy', unit)];
    });
  }
}
