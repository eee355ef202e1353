/**
 * The network between hosts: who listens where, which ways are cut, and every connection. It behaves as TCP does between
 * kernels: bytes arrive in order or not at all, a cut way holds them back until it heals, and a kernel answers for a
 * process that is stopped or dead.
 */
import type { Address, ByteStream } from '../../src/env/network.ts';
import type { SimProcess } from '../world/process.ts';
import type { World } from '../world/world.ts';
import { SimStream } from './stream.ts';

export interface NetworkTraits {
  /** One-way delay and what is added to it at random, in ms. */
  readonly latency: number;
  readonly jitter: number;
  /** How likely a write arrives in pieces, and the longest piece in bytes. */
  readonly splitChance: number;
  readonly longestPiece: number;
  /** Bytes that a connection holds in one direction before a sender has to wait. */
  readonly window: number;
  /** ByteStream.bytesAreSafe of every stream: whether payloads on links go unsummed. */
  readonly bytesAreSafe: boolean;
}

export interface ListenerEntry {
  readonly process: SimProcess;
  readonly host: string;
  readonly accepted: (stream: ByteStream) => void;
  readonly turnedAway: (remoteAddress: string, reason: string) => void;
}

/** A lost segment is sent again after up to this long (ms). */
const RETRANSMISSION = 250;

export class Fabric {
  readonly world: World;
  readonly traits: NetworkTraits;
  readonly listeners = new Map<string, ListenerEntry>();
  readonly streams = new Set<SimStream>();
  /** Hosts without power. */
  readonly down = new Set<string>();
  readonly #cut = new Set<string>();
  /** Pairs of systems whose key files do not match, for now: as when keys are renewed and one file is late. */
  readonly #keysDiffer = new Set<string>();

  constructor(world: World, traits: NetworkTraits) {
    this.world = world;
    this.traits = traits;
  }

  delay(): number {
    return this.traits.latency + this.world.prng.fraction() * this.traits.jitter;
  }

  /** Whether nothing gets through from one host to the other. */
  isCut(from: string, to: string): boolean {
    if (this.#cut.size > 0 && this.#cut.has(`${from} ${to}`)) return true;
    return this.down.has(to);
  }

  haveSameKey(one: string, other: string): boolean {
    return !this.#keysDiffer.has(pairKey(one, other));
  }

  setKeysDiffer(one: string, other: string, differ: boolean): void {
    if (differ) this.#keysDiffer.add(pairKey(one, other));
    else this.#keysDiffer.delete(pairKey(one, other));
    this.world.say('network', `keys of ${one} and ${other} ${differ ? 'differ' : 'match'}`);
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from} ${to}`);
    this.world.say('network', `cut ${from} -> ${to}`);
  }

  mend(from: string, to: string): void {
    if (!this.#cut.delete(`${from} ${to}`)) return;
    this.world.say('network', `mended ${from} -> ${to}`);
    this.#kick((stream) => stream.host === from && stream.peer.host === to);
  }

  powerOn(host: string): void {
    this.down.delete(host);
    this.#kick((stream) => stream.peer.host === host);
  }

  /** Keep-alive probes reach everyone: whose peer is gone learns it. */
  probeIdle(): void {
    for (const stream of [...this.streams]) if (stream.peer.isGone && !stream.isGone) stream.resetByPeer();
  }

  connectionsBetween(one: string, other: string): SimStream[] {
    return [...this.streams].filter(
      ({ host, peer, isGone }) => host === one && peer.host === other && !isGone,
    );
  }

  /** The process has died. Its kernel closes what it had open, or (no power) nobody says anything. */
  processDied(process: SimProcess, withPower: boolean): void {
    for (const [key, listener] of this.listeners)
      if (listener.process === process) this.listeners.delete(key);
    for (const stream of [...this.streams]) if (stream.process === process) stream.die(withPower);
  }

  /** A connection as both ends see it; the accepting end first. */
  connection(listener: ListenerEntry, caller: SimProcess, callerHost: string): [SimStream, SimStream] {
    const accepting = new SimStream(this, listener.process, listener.host);
    const calling = new SimStream(this, caller, callerHost);
    accepting.peer = calling;
    calling.peer = accepting;
    this.streams.add(accepting).add(calling);
    return [accepting, calling];
  }

  #kick(which: (stream: SimStream) => boolean): void {
    for (const stream of this.streams) {
      if (which(stream)) this.world.after(this.world.prng.between(0, RETRANSMISSION), null, stream.transmit);
    }
  }
}

function pairKey(one: string, other: string): string {
  return [one, other].sort().join(' ');
}

export function addressKey(address: Address): string {
  return address.transport === 'unix' ? address.path : `${address.host}:${address.port}`;
}
