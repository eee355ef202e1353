import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { Interconnect } from '../../../src/cluster/interconnect.ts';
import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import type { ProxiedUnit } from '../../../src/cluster/proxied-unit/proxied-unit.ts';
import type { Log } from '../../../src/env/log.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import { NexusIds } from '../../../src/scsi/nexus.ts';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { freePort } from '../../support/free-port.ts';

export type Transport = LinkAddress['transport'];

/** Resolves its waiters when a message is logged that they wait for. */
export class WatchedLog implements Log {
  readonly lines: string[] = [];
  readonly #waiting = new Map<string, (() => void)[]>();

  /** The next time that `message` is logged. */
  next(message: string): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.set(message, [...(this.#waiting.get(message) ?? []), resolve]);
    });
  }

  debug(): void {}

  info(fields: object, message: string): void {
    this.lines.push(`${message} ${JSON.stringify(fields)}`);
    const waiting = this.#waiting.get(message) ?? [];
    this.#waiting.delete(message);
    for (const resolve of waiting) resolve();
  }

  warn(fields: object, message: string): void {
    this.info(fields, message);
  }

  error(fields: object, message: string): void {
    this.info(fields, message);
  }
}

export interface TestSystem {
  readonly interconnect: Interconnect;
  readonly pool: BufferPool;
  readonly log: WatchedLog;
}

export interface TwoSystemsOptions {
  readonly transport: Transport;
  readonly readSetLength?: number;
  /** Where beta dials, if it is not where alpha listens. */
  readonly via?: (address: LinkAddress) => Promise<LinkAddress>;
  /** The owner's store; default: a memory store. */
  readonly store?: BlockStore;
  /** What lies between the local unit and its store. */
  readonly wrap?: (store: BlockStore) => BlockStore;
}

/** Two systems in this process, joined by a real socket: alpha owns the unit, beta proxies it. Beta dials. */
export class TwoSystems {
  readonly alpha: TestSystem;
  readonly beta: TestSystem;
  readonly address: LinkAddress;
  readonly local: LocalUnit;
  readonly proxied: ProxiedUnit;
  readonly store: BlockStore;
  readonly #folder: string;

  private constructor(options: TwoSystemsOptions, address: LinkAddress, dialed: LinkAddress, folder: string) {
    this.#folder = folder;
    this.address = address;
    this.store = options.store ?? new MemoryStore({ byteLength: 64 << 20, blockLength: 512 });
    const { blockLength, byteLength } = this.store;
    const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', blockLength, byteLength });
    const store = options.wrap?.(this.store) ?? this.store;
    const alphaPool = new BufferPool(1 << 24);
    const alphaLog = new WatchedLog();
    this.local = new LocalUnit({ identity, store, pool: alphaPool, log: alphaLog });
    const readSetLength = options.readSetLength ?? 65536;
    this.alpha = makeSystem(
      'alpha',
      [address],
      'beta',
      [],
      [this.local],
      [],
      alphaPool,
      alphaLog,
      readSetLength,
    );
    const betaPool = new BufferPool(1 << 24);
    const betaLog = new WatchedLog();
    this.beta = makeSystem('beta', [], 'alpha', [dialed], [], [identity], betaPool, betaLog, readSetLength);
    const [proxied] = this.beta.interconnect.proxiedUnits;
    if (proxied === undefined) throw new Error('beta has no proxied unit');
    this.proxied = proxied;
  }

  /** Resolves when the link is up at both ends. */
  static async start(options: TwoSystemsOptions): Promise<TwoSystems> {
    const folder = mkdtempSync(join(tmpdir(), 'crosspath-'));
    const address: LinkAddress =
      options.transport === 'unix'
        ? { transport: 'unix', path: join(folder, 'alpha.sock') }
        : { transport: options.transport, host: '127.0.0.1', port: await freePort() };
    const dialed = (await options.via?.(address)) ?? address;
    const systems = new TwoSystems(options, address, dialed, folder);
    const up = systems.linkUp();
    await systems.alpha.interconnect.start();
    await systems.beta.interconnect.start();
    await up;
    return systems;
  }

  /** The next time that the link is up at both ends. */
  async linkUp(): Promise<void> {
    await Promise.all([this.alpha.log.next('link up'), this.beta.log.next('link up')]);
  }

  /** Ends the link as a network failure would; resolves when both ends have noticed. */
  async cutLink(): Promise<void> {
    const down = Promise.all([this.alpha.log.next('link down'), this.beta.log.next('link down')]);
    this.beta.interconnect.partners[0]?.link?.destroy('cut by the test');
    await down;
  }

  async stop(): Promise<void> {
    await Promise.all([this.alpha.interconnect.stop(0), this.beta.interconnect.stop(0)]);
    rmSync(this.#folder, { recursive: true });
  }
}

function makeSystem(
  name: string,
  addresses: readonly LinkAddress[],
  partner: string,
  partnerAddresses: readonly LinkAddress[],
  localUnits: readonly LogicalUnit[],
  partnerUnits: readonly LogicalUnit['identity'][],
  pool: BufferPool,
  log: WatchedLog,
  readSetLength: number,
): TestSystem {
  const interconnect = new Interconnect(nodeEnv(), {
    self: { cluster: 'demo', name, incarnation: '00000000000000ff' },
    addresses,
    partners: [{ name: partner, addresses: partnerAddresses }],
    localUnits,
    partnerUnits,
    pool,
    nexusIds: new NexusIds(),
    readSetLength,
    receiveBuffer: new Uint8Array(262144),
    log,
  });
  return { interconnect, pool, log };
}
