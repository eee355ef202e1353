/** A unit that another system owns, both systems in this process and joined by a cable of memory. */
import assert from 'node:assert/strict';
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { Interconnect } from '../../src/cluster/interconnect.ts';
import type { ByteStream, Network, StreamHandler } from '../../src/env/network.ts';
import { Stages } from '../../src/latency/stages.ts';
import { LinkLimits, POOL_KEEP_BYTES, RECEIVE_BUFFER_BYTES } from '../../src/limits.ts';
import type { Target } from './initiator.ts';
import { memoryEnv, receive } from './memory-pipe.ts';
import { memoryUnit, routerOf } from './memory-unit.ts';
import { quietLog } from './quiet-log.ts';

const ADDRESS = { transport: 'unix', path: 'memory' } as const;
const READY_TURNS = 100;

/** One end of the cable: what is written is carried to the handler at the other end when its turn comes. */
class CableEnd implements ByteStream {
  readonly localAddress = 'memory';
  readonly remoteAddress = 'memory';
  readonly bytesAreSafe = true;
  readonly provenPeer = null;
  readonly unsentBytes = 0;
  #handler: StreamHandler | null = null;
  #chunks: Uint8Array[] = [];
  #written: (() => void)[] = [];

  attach(handler: StreamHandler): void {
    this.#handler = handler;
  }

  write(chunks: readonly Uint8Array[], written: () => void): void {
    for (const chunk of chunks) this.#chunks.push(chunk);
    this.#written.push(written);
  }

  /** Gives whether there was anything to carry. */
  carryTo(other: CableEnd): boolean {
    const [chunks, written] = [this.#chunks, this.#written];
    if (written.length === 0) return false;
    this.#chunks = [];
    this.#written = [];
    assert.ok(other.#handler !== null);
    for (const chunk of chunks) receive(other.#handler, chunk);
    for (const call of written) call();
    return true;
  }

  pause(): void {}
  resume(): void {}

  end(): void {
    this.destroy('ended');
  }

  destroy(reason: string): void {
    throw new Error(`the link was given up: ${reason}`);
  }
}

/** A router in front of the unit of memoryUnit, proxied. */
export async function proxiedUnit(): Promise<Target> {
  const owner = memoryUnit();
  const { clock, order } = owner;
  const { identity } = owner.unit;
  const pool = new BufferPool(POOL_KEEP_BYTES);
  const [near, far] = [new CableEnd(), new CableEnd()];
  const plug: (() => void)[] = [];
  const network: Network = {
    listen: (_, accepted) => {
      plug.push(() => accepted(far));
      return Promise.resolve({ address: ADDRESS, close() {} });
    },
    connect: (_, connected) => {
      plug.push(() => connected(near));
      return { cancel() {} };
    },
  };
  const system = (name: string, ofSystem: BufferPool) => ({
    self: { cluster: 'bench', name, incarnation: '00000000000000ff' },
    pool: ofSystem,
    order,
    readSetLength: LinkLimits.readSetLength,
    receiveBuffer: new Uint8Array(RECEIVE_BUFFER_BYTES),
    log: quietLog,
    stages: new Stages(clock),
  });
  const serving = new Interconnect(memoryEnv(clock, network), {
    ...system('bench', owner.pool),
    addresses: [ADDRESS],
    partners: [{ name: 'proxy', addresses: [] }],
    localUnits: [owner.unit],
    partnerUnits: [],
  });
  const asking = new Interconnect(memoryEnv(clock, network), {
    ...system('proxy', pool),
    addresses: [],
    partners: [{ name: 'bench', addresses: [ADDRESS] }],
    localUnits: [],
    partnerUnits: [identity],
  });
  await serving.start();
  await asking.start();
  for (const end of plug) end();
  const carry = () => {
    const there = near.carryTo(far);
    return far.carryTo(near) || there;
  };
  for (let turn = 0; turn < READY_TURNS; turn += 1) {
    clock.endTurn();
    carry();
  }
  const [unit] = asking.proxiedUnits;
  if (unit === undefined || !asking.partners.every(({ isReachable }) => isReachable))
    throw new Error('the link does not come up');
  return { router: routerOf(unit, pool, clock, order), pool, clock, carry };
}
