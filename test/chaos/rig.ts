/** Two systems as processes, a relay for each portal and for the link, and the clients that reach them through these. */
import { Prng } from '../../sim/world/prng.ts';
import { Cluster, type SystemName } from '../support/cluster.ts';
import type { Disk } from '../support/disk.ts';
import { Relay } from '../support/relay.ts';
import { Checker } from './checker.ts';
import { Client, type PathPolicy } from './client.ts';
import type { Findings } from './findings.ts';
import { PerfClient, QemuClient } from './other-clients.ts';
import type { PathOptions } from './path.ts';
import { portalNames, type RelayName } from './plan.ts';
import { Workload } from './workload.ts';

/** LUNs of `defaultUnits`, by owner. */
const owned: Readonly<Record<SystemName, number>> = { alpha: 1, beta: 2 };
export const UNITS: readonly number[] = Object.values(owned);
const policies: readonly PathPolicy[] = ['direct', 'proxied', 'roundRobin'];
const HOST = '127.0.0.1';
const NAME = 'iqn.2026-11.dev.crosspath.chaos';
/** Streams of chance beside that of the plan. */
const streams = { workload: 1, qemu: 2, perf: 3 } as const;

export class Rig {
  readonly cluster: Cluster;
  readonly clients: readonly Client[];
  readonly qemu: readonly QemuClient[];
  readonly perf: PerfClient;
  readonly checker: Checker;
  readonly workload: Workload;
  readonly #relays: ReadonlyMap<RelayName, Relay>;

  private constructor(
    cluster: Cluster,
    relays: ReadonlyMap<RelayName, Relay>,
    seed: number,
    findings: Findings,
  ) {
    this.cluster = cluster;
    this.#relays = relays;
    this.checker = new Checker(findings);
    this.clients = policies.map(
      (policy, index) => new Client(index + 1, policy, this.#paths(index), this.checker, findings),
    );
    this.workload = new Workload(UNITS, new Prng(seed, streams.workload));
    const qemuPrng = new Prng(seed, streams.qemu);
    this.qemu = UNITS.map((lun) => new QemuClient(this.disks(lun), qemuPrng, findings));
    const disks = UNITS.flatMap((lun) => this.disks(lun));
    this.perf = new PerfClient(disks, new Prng(seed, streams.perf));
  }

  static async start(seed: number, findings: Findings): Promise<Rig> {
    const cluster = await Cluster.start({ name: 'chaos' });
    const relays = new Map<RelayName, Relay>([['link', cluster.interconnect]]);
    for (const name of portalNames) {
      const { host, port } = cluster.port(name).portal;
      relays.set(name, await Relay.to({ host, port }));
    }
    return new Rig(cluster, relays, seed, findings);
  }

  relay(name: RelayName): Relay {
    const relay = this.#relays.get(name);
    if (relay === undefined) throw new Error(`no relay ${name}`);
    return relay;
  }

  /** Every way to a unit, as other people's clients name it. */
  disks(lun: number): Disk[] {
    return portalNames
      .filter((name) => shownBy(name).includes(lun))
      .map((name) => ({ ...this.cluster.disk(name, lun), portal: `${HOST}:${this.relay(name).port}` }));
  }

  startClients(): void {
    for (const client of this.clients) client.start();
    this.workload.start(this.clients);
    for (const qemu of this.qemu) qemu.start();
    this.perf.start();
  }

  /** Whatever state it is in. */
  async end(): Promise<void> {
    for (const tool of [...this.qemu, this.perf]) tool.kill();
    for (const [name, relay] of this.#relays) if (name !== 'link') await relay.close();
    await this.cluster.end();
  }

  /** A client's session on every port that is a physical one: four of them reach each unit. */
  #paths(index: number): PathOptions[] {
    return portalNames.map((name) => ({
      name,
      host: HOST,
      port: this.relay(name).port,
      targetName: this.cluster.port(name).targetName,
      initiatorName: `${NAME}:client${index + 1}`,
      luns: shownBy(name),
      proxied: shownBy(name).filter((lun) => lun !== owned[systemOf(name)]),
    }));
  }
}

function systemOf(portal: (typeof portalNames)[number]): SystemName {
  return portal.startsWith('alpha') ? 'alpha' : 'beta';
}

function shownBy(portal: (typeof portalNames)[number]): readonly number[] {
  if (portal.endsWith('-all')) return UNITS;
  const isLocal = portal.endsWith('-local');
  return UNITS.filter((lun) => (lun === owned[systemOf(portal)]) === isLocal);
}
