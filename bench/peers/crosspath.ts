/** Crosspath itself: a cluster with a unit of each system. */
import path from 'node:path';
import type { Processes } from '../processes.ts';
import { UNIT_BYTES } from '../workloads.ts';
import type { Workspace } from '../workspace.ts';
import { Cluster } from './cluster.ts';
import type { ClusterUnit, SystemName, Transport } from './cluster-configuration.ts';
import type { Path, Peer } from './peer.ts';

export interface CrosspathOptions {
  readonly transport: Transport;
  /** Whether the path to alpha's own unit is one of the columns. */
  readonly direct: boolean;
  /** A folder for CPU profiles of the systems; null for none. */
  readonly profileFolder: string | null;
}

interface Started {
  readonly cluster: Cluster;
  readonly units: Readonly<Record<SystemName, ClusterUnit>>;
}

export class Crosspath implements Peer {
  readonly #processes: Processes;
  readonly #workspace: Workspace;
  readonly #options: CrosspathOptions;
  readonly #name: string;
  #started: Started | null = null;

  constructor(processes: Processes, workspace: Workspace, options: CrosspathOptions) {
    this.#processes = processes;
    this.#workspace = workspace;
    this.#options = options;
    this.#name = `bench-${options.transport}`;
  }

  async start(): Promise<readonly Path[]> {
    const unit = async (owner: SystemName, lun: number): Promise<ClusterUnit> => {
      const file = await this.#workspace.unitFile(`${this.#name}-${owner}.img`);
      return { lun, owner, file, bytes: UNIT_BYTES };
    };
    const units = { alpha: await unit('alpha', 1), beta: await unit('beta', 2) };
    const cluster = await Cluster.start(this.#processes, this.#workspace, {
      name: this.#name,
      transport: this.#options.transport,
      units: Object.values(units),
      nodeArguments: (system) => this.#nodeArguments(system),
    });
    this.#started = { cluster, units };
    const proxied = cluster.path(`proxied-${this.#options.transport}`, 'alpha-proxy', units.beta);
    if (!this.#options.direct) return [proxied];
    return [cluster.path('direct', 'alpha-local', units.alpha), proxied];
  }

  /** From the port of the proxied unit's owner. */
  get ownerPath(): Path {
    const { cluster, units } = this.#running;
    return cluster.path('owner', 'beta-local', units.beta);
  }

  /** Writes of all units that had to wait for a sign of life of their client. */
  async writesHeld(): Promise<number> {
    const statuses = await this.#running.cluster.statuses();
    return statuses.flatMap(({ units }) => units).reduce((sum, unit) => sum + unit.writesHeld, 0);
  }

  async stop(): Promise<void> {
    await this.#started?.cluster.stop();
  }

  get #running(): Started {
    if (this.#started === null) throw new Error('the cluster has not started');
    return this.#started;
  }

  #nodeArguments(system: SystemName): readonly string[] {
    const { profileFolder } = this.#options;
    if (profileFolder === null) return [];
    return ['--cpu-prof', `--cpu-prof-dir=${path.join(profileFolder, `${this.#name}-${system}`)}`];
  }
}
