import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { Interconnect } from '../../../src/cluster/interconnect.ts';
import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import type { ProxiedUnit } from '../../../src/cluster/proxied-unit/proxied-unit.ts';
import type { Clock } from '../../../src/env/clock.ts';
import type { Env } from '../../../src/env/env.ts';
import type { Log } from '../../../src/env/log.ts';
import { NodeClock } from '../../../src/env/node/clock.ts';
import type { KeyRing, SharedKey } from '../../../src/env/node/key-ring.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { LocalUnit } from '../../../src/scsi/local-unit/local-unit.ts';
import type { LogicalUnit } from '../../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../../src/scsi/make-unit-identity.ts';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import type { RecordStore } from '../../../src/stores/record/record-store.ts';
import { freePort } from '../../support/free-ports.ts';
import { testOrder, testRandom } from '../../support/scsi.ts';

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
  /** Every command is timed. */
  readonly stages: Stages;
}

export interface TwoSystemsOptions {
  readonly transport: Transport;
  /** Links beside the first. */
  readonly furtherLinks?: readonly Transport[];
  /** Of alpha and of beta, for TLS; default: one key that both have. */
  readonly keys?: readonly [KeyRing, KeyRing];
  readonly readSetLength?: number;
  /** What beta takes itself, and alpha, for; default: what they are. */
  readonly betaSays?: { readonly cluster?: string; readonly name?: string; readonly partner?: string };
  /** Where beta dials, if it is not where alpha listens. */
  readonly via?: (address: LinkAddress) => Promise<LinkAddress>;
  /** The owner's store; default: a memory store. */
  readonly store?: BlockStore;
  /** Where the unit saves its mode pages; default: nowhere. */
  readonly modeStore?: RecordStore;
  readonly readOnly?: boolean;
  /** Of both systems; default: the real one. */
  readonly clock?: Clock;
  /** What lies between the local unit and its store. */
  readonly wrap?: (store: BlockStore) => BlockStore;
}

/** Two systems in this process, joined by a real socket: alpha owns the unit, beta proxies it. Beta dials. */
export class TwoSystems {
  readonly alpha: TestSystem;
  readonly beta: TestSystem;
  /** Of the first link, and of all. */
  readonly address: LinkAddress;
  readonly addresses: readonly LinkAddress[];
  readonly local: LocalUnit;
  readonly proxied: ProxiedUnit;
  readonly store: BlockStore;
  readonly #folder: string;

  private constructor(
    options: TwoSystemsOptions,
    addresses: readonly LinkAddress[],
    dialed: readonly LinkAddress[],
    folder: string,
  ) {
    this.#folder = folder;
    const [address] = addresses;
    if (address === undefined) throw new Error('no address');
    this.address = address;
    this.addresses = addresses;
    const [alphaKeys, betaKeys] = options.keys ?? sharedKeys([testKey(1)]);
    this.store = options.store ?? new MemoryStore({ byteLength: 64 << 20, blockLength: 512 });
    const { blockLength, byteLength, thin: thinlyProvisioned } = this.store;
    const description = { name: 'vol-a', owner: 'alpha', blockLength, byteLength };
    const identity = makeUnitIdentity('demo', { ...description, thinlyProvisioned });
    const store = options.wrap?.(this.store) ?? this.store;
    const alphaPool = new BufferPool(1 << 24);
    const alphaLog = new WatchedLog();
    const { clock = new NodeClock() } = options;
    const parts = {
      pool: alphaPool,
      clock,
      random: testRandom,
      order: testOrder,
      log: alphaLog,
    };
    const { modeStore = null, readOnly = false } = options;
    this.local = new LocalUnit({ identity, store, ...parts, modeStore, readOnly });
    const readSetLength = options.readSetLength ?? 65536;
    this.alpha = makeSystem(
      'demo',
      'alpha',
      addresses,
      'beta',
      [],
      [this.local],
      [],
      alphaPool,
      alphaLog,
      readSetLength,
      { ...nodeEnv({ keys: alphaKeys }), clock },
    );
    const betaPool = new BufferPool(1 << 24);
    const betaLog = new WatchedLog();
    const { cluster = 'demo', name = 'beta', partner = 'alpha' } = options.betaSays ?? {};
    this.beta = makeSystem(
      cluster,
      name,
      [],
      partner,
      dialed,
      [],
      [makeUnitIdentity('demo', description)],
      betaPool,
      betaLog,
      readSetLength,
      { ...nodeEnv({ keys: betaKeys }), clock },
    );
    const [proxied] = this.beta.interconnect.proxiedUnits;
    if (proxied === undefined) throw new Error('beta has no proxied unit');
    this.proxied = proxied;
  }

  /** Resolves when the links are up at both ends. */
  static async start(options: TwoSystemsOptions): Promise<TwoSystems> {
    const systems = await TwoSystems.begin(options);
    await systems.allUp();
    return systems;
  }

  /** Both systems, which may or may not come to a link. */
  static async begin(options: TwoSystemsOptions): Promise<TwoSystems> {
    const folder = mkdtempSync(join(tmpdir(), 'crosspath-'));
    const addresses: LinkAddress[] = [];
    for (const transport of [options.transport, ...(options.furtherLinks ?? [])]) {
      addresses.push(await testAddress(transport, folder, addresses.length));
    }
    const { via = (address: LinkAddress) => Promise.resolve(address) } = options;
    const dialed = await Promise.all(addresses.map(via));
    const systems = new TwoSystems(options, addresses, dialed, folder);
    try {
      await systems.alpha.interconnect.start();
      await systems.beta.interconnect.start();
    } catch (error) {
      // What listens already would keep the process of the test alive.
      await systems.stop();
      throw error;
    }
    return systems;
  }

  /** Every link is up at both ends. */
  async allUp(): Promise<void> {
    for (const { interconnect, log } of [this.alpha, this.beta]) {
      const slots = interconnect.partners.flatMap((partner) => partner.slots);
      while (slots.some(({ state }) => state !== 'up')) await log.next('link up');
    }
  }

  /** The next time that the link is up at both ends. */
  async linkUp(): Promise<void> {
    await Promise.all([this.alpha.log.next('link up'), this.beta.log.next('link up')]);
  }

  /** Ends a link as a network failure would; resolves when both ends have noticed. */
  async cutLink(place = 0): Promise<void> {
    const down = Promise.all([this.alpha.log.next('link down'), this.beta.log.next('link down')]);
    this.beta.interconnect.partners[0]?.slots[place]?.link?.destroy('cut by the test');
    await down;
  }

  /** Ends every link at once. */
  async cutAll(): Promise<void> {
    const slots = this.beta.interconnect.partners.flatMap((partner) => partner.slots);
    for (const { link } of slots) link?.destroy('cut by the test');
    for (const { interconnect, log } of [this.alpha, this.beta]) {
      while (interconnect.partners.some(({ isReachable }) => isReachable)) await log.next('link down');
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.alpha.interconnect.stop(0), this.beta.interconnect.stop(0)]);
    rmSync(this.#folder, { recursive: true });
  }
}

async function testAddress(transport: Transport, folder: string, place: number): Promise<LinkAddress> {
  if (transport === 'unix') return { transport, path: join(folder, `alpha${place}.sock`) };
  const at = { host: '127.0.0.1', port: await freePort() };
  return transport === 'tls' ? { transport, ...at, system: 'alpha' } : { transport, ...at };
}

/** A key that is not another's. */
export function testKey(number: number): Omit<SharedKey, 'partner'> {
  return { id: `${number}`.padStart(16, '0'), secret: new Uint8Array(32).fill(number) };
}

export function testRing(
  self: string,
  partner: string,
  keys: readonly Omit<SharedKey, 'partner'>[],
): KeyRing {
  return { self, current: () => keys.map((key) => ({ ...key, partner })) };
}

/** The rings of alpha and beta, newest key first. */
export function sharedKeys(
  alphas: readonly Omit<SharedKey, 'partner'>[],
  betas = alphas,
): readonly [KeyRing, KeyRing] {
  return [testRing('alpha', 'beta', alphas), testRing('beta', 'alpha', betas)];
}

function makeSystem(
  cluster: string,
  name: string,
  addresses: readonly LinkAddress[],
  partner: string,
  partnerAddresses: readonly LinkAddress[],
  localUnits: readonly LocalUnit[],
  partnerUnits: readonly LogicalUnit['identity'][],
  pool: BufferPool,
  log: WatchedLog,
  readSetLength: number,
  env: Env,
): TestSystem {
  const stages = new Stages(env.clock, 1, 1);
  const interconnect = new Interconnect(env, {
    self: { cluster, name, incarnation: '00000000000000ff' },
    addresses,
    partners: [{ name: partner, addresses: partnerAddresses }],
    localUnits,
    partnerUnits,
    pool,
    order: testOrder,
    stages,
    readSetLength,
    receiveBuffer: new Uint8Array(262144),
    log,
  });
  return { interconnect, pool, log, stages };
}
