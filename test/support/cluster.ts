import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readConfig } from '../../cli/read-config.ts';
import { askAll } from '../../cli/status/ask.ts';
import { type ClusterStatus, mergeStatus } from '../../cli/status/merge.ts';
import type { PortConfig } from '../../src/daemon/config/cluster-config.ts';
import { type ClusterAddresses, type ClusterShape, chapFileName, configText } from './cluster-file.ts';
import type { Disk } from './disk.ts';
import { freePorts } from './free-ports.ts';
import { Relay } from './relay.ts';
import { SystemProcess } from './system-process.ts';

/** What is waited for comes soon or not at all; the machine may be busy. */
const PATIENCE_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 50;

export type SystemName = 'alpha' | 'beta';

/**
 * Two storage systems, alpha and beta, in processes of their own, in a temporary folder and on free loopback
 * ports. Each has four ports: NAME-local, NAME-shared (virtual: serves proxy, on the portal of NAME-local), NAME-proxy (a
 * portal of its own) and NAME-all (the single image, a portal of its own).
 */
export class Cluster {
  readonly folder: string;
  /** The file that describes the cluster as it is, for `crosspath` commands. */
  readonly file: string;
  /** The cable between the systems: beta, which dials, reaches alpha through it. */
  readonly interconnect: Relay;
  readonly #files: Readonly<Record<SystemName, string>>;
  readonly #systems = new Map<SystemName, SystemProcess>();

  private constructor(folder: string, files: Readonly<Record<SystemName, string>>, interconnect: Relay) {
    this.folder = folder;
    this.file = files.alpha;
    this.#files = files;
    this.interconnect = interconnect;
  }

  /** Writes the configuration, starts neither system. */
  static async make(shape: ClusterShape = {}): Promise<Cluster> {
    const folder = await mkdtemp(path.join(tmpdir(), 'crosspath-e2e-'));
    // The relay's too: one that it found for itself might be one of those, which nobody has yet.
    const [relayPort = 0, alphaLink = 0, betaLink = 0, ...rest] = await freePorts(11);
    const addresses = { ports: rest, links: linksOf(shape, folder, alphaLink, betaLink) };
    const relay = await makeRelay(shape, folder, alphaLink, relayPort);
    const relayed =
      shape.transport === 'unix'
        ? `unix:${path.join(folder, 'r')}`
        : `${shape.transport ?? 'tcp'}://127.0.0.1:${relay.port}`;
    const throughRelay: ClusterAddresses = { ...addresses, links: { ...addresses.links, alpha: relayed } };
    const files = { alpha: path.join(folder, 'alpha.toml'), beta: path.join(folder, 'beta.toml') };
    await writeFile(files.alpha, configText(shape, addresses));
    await writeFile(files.beta, configText(shape, throughRelay));
    for (const { name, chap } of shape.groups ?? []) {
      if (chap === undefined) continue;
      await writeFile(path.join(folder, chapFileName(name)), `${chap.join('\n')}\n`, { mode: 0o600 });
    }
    return new Cluster(folder, files, relay);
  }

  /** Both systems ready, and the link between them up on both sides. */
  static async start(shape: ClusterShape = {}): Promise<Cluster> {
    const cluster = await Cluster.make(shape);
    try {
      await Promise.all([cluster.startSystem('alpha'), cluster.startSystem('beta')]);
      await cluster.untilLinked();
    } catch (error) {
      await cluster.end();
      throw error;
    }
    return cluster;
  }

  /** Changes the configuration of both systems, which may be running. */
  async editConfig(edit: (text: string) => string): Promise<void> {
    for (const file of Object.values(this.#files)) await writeFile(file, edit(await readFile(file, 'utf8')));
  }

  async startSystem(name: SystemName): Promise<SystemProcess> {
    const system = new SystemProcess(this.#files[name], name);
    this.#systems.set(name, system);
    await system.ready();
    return system;
  }

  /** The process of a system that was started. */
  system(name: SystemName): SystemProcess {
    const system = this.#systems.get(name);
    assert(system, `${name} was not started`);
    return system;
  }

  /** A logical unit through a port. */
  disk(port: string, lun: number, initiator?: string): Disk {
    const { portal, targetName } = this.port(port);
    const disk = { portal: `${portal.host}:${portal.port}`, targetName, lun };
    return initiator === undefined ? disk : { ...disk, initiator };
  }

  port(name: string): PortConfig {
    const ports = readConfig(this.file).systems.flatMap((system) => system.ports);
    const port = ports.find((candidate) => candidate.name === name);
    assert(port, `there is no port ${name}`);
    return port;
  }

  /** Path of the file that a unit of `configText`'s default kind is kept in. */
  storePath(unit: string): string {
    const found = readConfig(this.file).units.find((candidate) => candidate.name === unit);
    assert(found, `there is no unit ${unit}`);
    return found.store.path;
  }

  /** What `crosspath status --json` prints. */
  async status(): Promise<ClusterStatus> {
    const config = readConfig(this.file);
    return mergeStatus(config, await askAll(config));
  }

  /** Waits for a status that fits. Gives it; rejects with the last one that did not. */
  async until(what: string, holds: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const status = await this.status();
      if (holds(status)) return status;
      if (Date.now() > deadline)
        throw new Error(
          `never so: ${what}. The last status:\n${JSON.stringify(status, null, 1)}\n${this.said()}`,
        );
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
  }

  untilLinked(): Promise<ClusterStatus> {
    return this.until(
      'the link is up on both sides',
      ({ links }) => links.length === 2 && links.every(({ state }) => state === 'up'),
    );
  }

  /** Kills what runs, and removes the folder. A system that died of its own makes this reject. */
  async end(): Promise<void> {
    const systems = [...this.#systems.values()];
    const died = systems.filter((system) => system.endedUnasked).map((system) => system.said);
    await Promise.all(systems.map((system) => system.kill()));
    await this.interconnect.close();
    await rm(this.folder, { recursive: true });
    assert.deepEqual(died, [], 'a system ended of its own');
  }

  /** What the systems have printed and logged. */
  said(): string {
    return [...this.#systems.values()].map((system) => system.said).join('\n');
  }
}

function linksOf(
  { transport = 'tcp' }: ClusterShape,
  folder: string,
  alphaPort: number,
  betaPort: number,
): ClusterAddresses['links'] {
  if (transport === 'unix')
    return { alpha: `unix:${path.join(folder, 'a')}`, beta: `unix:${path.join(folder, 'b')}` };
  return { alpha: `${transport}://127.0.0.1:${alphaPort}`, beta: `${transport}://127.0.0.1:${betaPort}` };
}

function makeRelay(
  { transport }: ClusterShape,
  folder: string,
  alphaPort: number,
  port: number,
): Promise<Relay> {
  const host = '127.0.0.1';
  if (transport !== 'unix') return Relay.to({ host, port: alphaPort }, { host, port });
  return Relay.to({ path: path.join(folder, 'a') }, { path: path.join(folder, 'r') });
}
