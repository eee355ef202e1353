/** One end of a simulated connection, with its kernel: what was written and not yet taken, and what came and was not yet read. */
import type { ByteStream, StreamHandler } from '../../src/env/network.ts';
import type { SimProcess } from '../world/process.ts';
import type { Fabric } from './fabric.ts';

type Segment = Uint8Array | 'fin';

interface PendingWrite {
  readonly chunks: readonly Uint8Array[];
  readonly written: () => void;
}

/** As NodeStream: an ended stream waits this long (ms) for its peer to close too. */
const LINGER = 5_000;

export class SimStream implements ByteStream {
  provenPeer: string | null = null;
  readonly process: SimProcess;
  readonly host: string;
  /** Set by the fabric when both ends exist. */
  peer: SimStream = this;
  /** A gray failure: what this end sends does not move until then. */
  stalledUntil = 0;
  /** No process holds this end any more. */
  isGone = false;
  readonly #fabric: Fabric;
  #handler: StreamHandler | null = null;
  readonly #writes: PendingWrite[] = [];
  /** Sent and not yet arrived, with the time at which each arrives at the earliest. */
  readonly #wire: { readonly segment: Segment; readonly arrives: number }[] = [];
  #wireBytes = 0;
  #transmitting = false;
  /** Arrived and not yet read. */
  readonly #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #endReceived = false;
  #deliverAsked = false;
  #paused = false;
  #reason: string | null = null;
  #ending = false;
  #finSent = false;
  #closed = false;

  constructor(fabric: Fabric, process: SimProcess, host: string) {
    this.#fabric = fabric;
    this.process = process;
    this.host = host;
  }

  get localAddress(): string {
    return `${this.host}:1`;
  }

  get remoteAddress(): string {
    return `${this.peer.host}:1`;
  }

  get bytesAreSafe(): boolean {
    return this.provenPeer !== null || this.#fabric.traits.bytesAreSafe;
  }

  get unsentBytes(): number {
    let bytes = 0;
    for (const { chunks } of this.#writes) for (const chunk of chunks) bytes += chunk.length;
    return bytes;
  }

  attach(handler: StreamHandler): void {
    this.#handler = handler;
    if (this.#closed) this.#fabric.world.after(0, this.process, () => this.#tellClosed());
    else this.#askDeliver();
  }

  write(chunks: readonly Uint8Array[], written: () => void): void {
    if (this.#reason !== null || chunks.length === 0) {
      this.#fabric.world.after(0, this.process, written);
      return;
    }
    this.#writes.push({ chunks, written });
    this.#takeWrites();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#askDeliver();
  }

  end(): void {
    if (this.#reason !== null) return;
    this.#reason = 'ended';
    this.#ending = true;
    this.#takeWrites();
    this.#fabric.world.after(LINGER, this.process, () => this.#leave('fin'));
    if (this.#endReceived) this.#leave('fin');
  }

  destroy(reason: string): void {
    const first = this.#reason === null;
    this.#reason ??= reason;
    if (first || this.#ending) this.#leave(this.#receivedBytes > 0 || this.#coin() ? 'reset' : 'fin');
  }

  /** Cuts the connection as a middlebox does: both ends are told by a reset. */
  resetBoth(): void {
    this.resetByPeer();
    this.peer.resetByPeer();
  }

  resetByPeer(): void {
    if (this.isGone) return;
    this.#reason ??= 'read ECONNRESET';
    this.#wire.length = 0;
    this.#goAway();
  }

  /** The process has died; nobody is told here. */
  die(withPower: boolean): void {
    if (this.isGone) return;
    this.isGone = true;
    if (!withPower) this.#wire.length = 0;
    else if (this.#coin()) this.#sendReset();
    else this.#send('fin');
    this.#forget();
  }

  /** Moves what is on the wire, as far as time and cuts let it. Bound: it is an event. */
  readonly transmit = (): void => {
    const { world } = this.#fabric;
    this.#transmitting = false;
    for (let next = this.#wire[0]; next !== undefined; next = this.#wire[0]) {
      if (this.#fabric.isCut(this.host, this.peer.host)) return;
      const due = Math.max(next.arrives, this.stalledUntil);
      if (due > world.now) {
        this.#transmitting = true;
        world.at(due, null, this.transmit);
        return;
      }
      this.#wire.shift();
      if (next.segment !== 'fin') this.#wireBytes -= next.segment.length;
      this.peer.#arrived(next.segment);
    }
    this.#forget();
  };

  /** A kernel keeps what is still to be sent after the process has let go. */
  #forget(): void {
    if (this.isGone && this.#wire.length === 0) this.#fabric.streams.delete(this);
  }

  #coin(): boolean {
    return this.#fabric.world.prng.chance(0.5);
  }

  /** The kernel takes writes while there is room; it copies, for the chunks are only borrowed. */
  #takeWrites(): void {
    const { world, traits } = this.#fabric;
    while (this.#writes.length > 0 && this.#wireBytes + this.peer.#receivedBytes < traits.window) {
      const write = this.#writes.shift();
      if (write === undefined) break;
      this.#send(joined(write.chunks));
      world.after(0, this.process, write.written);
    }
    if (this.#ending && this.#writes.length === 0) this.#send('fin');
  }

  #send(segment: Segment): void {
    if (segment === 'fin') this.#sendFin();
    else for (const piece of this.#pieces(segment)) this.#put(piece);
    if (!this.#transmitting) this.transmit();
  }

  #sendFin(): void {
    if (this.#finSent) return;
    this.#finSent = true;
    this.#put('fin');
  }

  #put(segment: Segment): void {
    const { world } = this.#fabric;
    if (segment !== 'fin') this.#wireBytes += segment.length;
    this.#wire.push({ segment, arrives: world.now + this.#fabric.delay() });
  }

  #pieces(bytes: Uint8Array): Uint8Array[] {
    const { splitChance, longestPiece } = this.#fabric.traits;
    const { prng } = this.#fabric.world;
    if (bytes.length === 0 || !prng.chance(splitChance)) return [bytes];
    const pieces: Uint8Array[] = [];
    const longest = Math.max(1, Math.min(longestPiece, Math.ceil(bytes.length / 2)));
    for (let at = 0; at < bytes.length; ) {
      // Of a long write, the first pieces alone are short: the rest would only cost time.
      const length = pieces.length < 6 ? 1 + prng.below(longest) : bytes.length - at;
      pieces.push(bytes.subarray(at, at + length));
      at += length;
    }
    return pieces;
  }

  /** By the kernel of this end. */
  #arrived(segment: Segment): void {
    if (this.isGone) return this.#sendReset();
    if (segment === 'fin') this.#endReceived = true;
    else if (!this.#ending) {
      this.#received.push(segment);
      this.#receivedBytes += segment.length;
    }
    this.#fabric.world.trace.mix(segment === 'fin' ? -1 : segment.length);
    this.#askDeliver();
  }

  /** Overtakes what is on the way, which is lost. */
  #sendReset(): void {
    const { world } = this.#fabric;
    this.#wire.length = 0;
    const reset = (): void => {
      if (this.#fabric.isCut(this.host, this.peer.host)) world.after(200, null, reset);
      else this.peer.resetByPeer();
    };
    world.after(this.#fabric.delay(), null, reset);
  }

  #askDeliver(): void {
    if (this.#deliverAsked || this.#handler === null || this.#closed) return;
    this.#deliverAsked = true;
    this.#fabric.world.after(0, this.process, () => {
      this.#deliverAsked = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const handler = this.#handler;
    if (handler === null) return;
    while (this.#receivedBytes > 0 && !this.#paused && this.#reason === null) {
      const buffer = handler.receiveBuffer();
      handler.received(this.#readInto(buffer));
    }
    this.peer.#takeWrites();
    if (!this.#endReceived || this.#paused) return;
    if (this.#ending) this.#leave('fin');
    else if (this.#reason === null) this.destroy('closed by peer');
  }

  #readInto(buffer: Uint8Array): number {
    let filled = 0;
    for (
      let first = this.#received[0];
      first !== undefined && filled < buffer.length;
      first = this.#received[0]
    ) {
      const part = first.subarray(0, buffer.length - filled);
      buffer.set(part, filled);
      filled += part.length;
      if (part.length === first.length) this.#received.shift();
      else this.#received[0] = first.subarray(part.length);
    }
    this.#receivedBytes -= filled;
    return filled;
  }

  /** The process lets go of its end. */
  #leave(how: 'fin' | 'reset'): void {
    if (this.isGone) return;
    if (how === 'reset') this.#sendReset();
    else this.#send('fin');
    this.#goAway();
  }

  #goAway(): void {
    this.isGone = true;
    this.#forget();
    this.#received.length = 0;
    this.#receivedBytes = 0;
    this.#fabric.world.after(0, this.process, () => {
      this.#closed = true;
      for (const { written } of this.#writes.splice(0)) written();
      this.#tellClosed();
    });
  }

  #tellClosed(): void {
    this.#handler?.closed(this.#reason ?? 'closed');
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
