/** One end of a simulated connection, with its kernel: what was written and not yet taken, and what came and was not yet read. */
import type { ByteStream, StreamHandler } from '../../src/env/network.ts';
import type { SimProcess } from '../world/process.ts';
import type { Fabric } from './fabric.ts';
import { Inbound } from './inbound.ts';

/** So many bytes, or the end of them. */
type Segment = number | 'fin';

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
  /** Of what comes to this end: first what has arrived and was not read yet, then what is on the peer's wire. */
  readonly #inbound = new Inbound();
  /** Arrived and not yet read. */
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
    this.#loseWire();
    this.#goAway();
  }

  /** The process has died; nobody is told here. */
  die(withPower: boolean): void {
    if (this.isGone) return;
    this.isGone = true;
    if (!withPower) this.#loseWire();
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
      if (next.segment !== 'fin') this.#wireBytes -= next.segment;
      this.peer.#arrived(next.segment);
    }
    this.#forget();
  };

  /** Bound: it is an event. */
  readonly #deliver = (): void => {
    this.#deliverAsked = false;
    const handler = this.#handler;
    if (handler === null) return;
    while (this.#receivedBytes > 0 && !this.#paused && this.#reason === null) {
      const buffer = handler.receiveBuffer();
      const length = Math.min(buffer.length, this.#receivedBytes);
      this.#inbound.read(buffer, length);
      this.#receivedBytes -= length;
      handler.received(length);
    }
    this.peer.#takeWrites();
    if (!this.#endReceived || this.#paused) return;
    if (this.#ending) this.#leave('fin');
    else if (this.#reason === null) this.destroy('closed by peer');
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
      let length = 0;
      for (const chunk of write.chunks) {
        this.peer.#inbound.push(chunk);
        length += chunk.length;
      }
      this.#send(length);
      world.after(0, this.process, write.written);
    }
    if (this.#ending && this.#writes.length === 0) this.#send('fin');
  }

  #send(segment: Segment): void {
    if (segment === 'fin') this.#sendFin();
    else this.#putPieces(segment);
    if (!this.#transmitting) this.transmit();
  }

  #sendFin(): void {
    if (this.#finSent) return;
    this.#finSent = true;
    this.#put('fin');
  }

  #put(segment: Segment): void {
    const { world } = this.#fabric;
    if (segment !== 'fin') this.#wireBytes += segment;
    this.#wire.push({ segment, arrives: world.now + this.#fabric.delay() });
  }

  #putPieces(length: number): void {
    const { splitChance, longestPiece } = this.#fabric.traits;
    const { prng } = this.#fabric.world;
    if (length === 0 || !prng.chance(splitChance)) return this.#put(length);
    const longest = Math.max(1, Math.min(longestPiece, Math.ceil(length / 2)));
    const pieces: number[] = [];
    for (let left = length; left > 0; ) {
      // Of a long write, the first pieces alone are short: the rest would only cost time.
      const piece = pieces.length < 6 ? Math.min(left, 1 + prng.below(longest)) : left;
      pieces.push(piece);
      left -= piece;
    }
    for (const piece of pieces) this.#put(piece);
  }

  /** What is on the wire never arrives. */
  #loseWire(): void {
    for (const { segment } of this.#wire) if (segment !== 'fin') this.peer.#inbound.dropLast(segment);
    this.#wire.length = 0;
  }

  /** By the kernel of this end. */
  #arrived(segment: Segment): void {
    if (this.isGone) return this.#sendReset();
    if (segment === 'fin') this.#endReceived = true;
    else if (this.#ending) this.#inbound.dropFirst(segment);
    else this.#receivedBytes += segment;
    this.#fabric.world.trace.mix(segment === 'fin' ? -1 : segment);
    this.#askDeliver();
  }

  /** Overtakes what is on the way, which is lost. */
  #sendReset(): void {
    const { world } = this.#fabric;
    this.#loseWire();
    const reset = (): void => {
      if (this.#fabric.isCut(this.host, this.peer.host)) world.after(200, null, reset);
      else this.peer.resetByPeer();
    };
    world.after(this.#fabric.delay(), null, reset);
  }

  #askDeliver(): void {
    if (this.#deliverAsked || this.#handler === null || this.#closed) return;
    this.#deliverAsked = true;
    this.#fabric.world.after(0, this.process, this.#deliver);
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
    this.#inbound.dropFirst(this.#receivedBytes);
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
