import { once } from 'node:events';
import net from 'node:net';

/** Where a relay's listener or its target is: a TCP port on loopback, or a Unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

type Side = 'client' | 'server';

/** How what passes is cut up: the longest piece, and how long each makes the next one wait. */
interface Shape {
  readonly longest: number;
  readonly pause: number;
}

const asItComes: Shape = { longest: Number.POSITIVE_INFINITY, pause: 0 };
/** A throttled relay passes its bytes in this many pieces a second. */
const PIECES_A_SECOND = 20;

/**
 * Passes bytes between those who connect to it and a target, until told to misbehave. It stands between a client
 * and a portal, or between two systems, in the place of a cable that somebody pulls.
 */
export class Relay {
  readonly target: Place;
  readonly #server: net.Server;
  /** Where it listens. */
  #place: Place;
  readonly #flows = new Set<Flow>();
  #refuses: 'no' | 'close' | 'reset' = 'no';
  #stalled: readonly Side[] = [];
  #shape = asItComes;
  #corruptsNext = false;
  /** Bytes that targets may still send. */
  #untilStall = Number.POSITIVE_INFINITY;
  /** Milliseconds that each piece of what a client sends waits here. */
  #delay = 0;

  private constructor(target: Place, place: Place) {
    this.target = target;
    this.#place = place;
    this.#server = net.createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** `at`: where it listens; without it, a free loopback port. */
  static async to(target: Place, at: Place = { host: '127.0.0.1', port: 0 }): Promise<Relay> {
    const relay = new Relay(target, at);
    relay.#server.listen(at);
    await once(relay.#server, 'listening');
    const address = relay.#server.address();
    if (address !== null && typeof address === 'object')
      relay.#place = { host: address.address, port: address.port };
    return relay;
  }

  get port(): number {
    if (!('port' in this.#place)) throw new Error('the relay is not on a TCP port');
    return this.#place.port;
  }

  get connections(): number {
    return this.#flows.size / 2;
  }

  /** A dead switch: connections stay open and nothing comes through, in either direction or in one. */
  stall(direction: 'both' | 'fromClient' | 'fromServer' = 'both'): void {
    const sides = { both: ['client', 'server'], fromClient: ['client'], fromServer: ['server'] } as const;
    this.#stalled = sides[direction];
    for (const flow of this.#flows) flow.changed();
  }

  /** The same, once so many bytes have come from the target. */
  stallAfter(bytes: number): void {
    this.#untilStall = bytes;
  }

  /** An unplugged host adapter: both ends get a reset, and new connections too, until `heal`. */
  reset(): void {
    this.#refuses = 'reset';
    for (const flow of this.#flows) this.#drop(flow.from);
  }

  /** A portal that its host no longer has: both ends get a reset, and nobody listens, until `heal`. */
  withdraw(): void {
    this.#server.close();
    for (const flow of this.#flows) this.#drop(flow.from);
  }

  /** A proxy that is shut down: both ends see the connection close, and new ones too, until `heal`. */
  cut(): void {
    this.#refuses = 'close';
    for (const flow of this.#flows) flow.from.destroy();
  }

  /** A slow line: that many bytes a second, in each direction of each connection. */
  throttle(bytesPerSecond: number): void {
    this.#reshape({
      longest: Math.max(1, Math.floor(bytesPerSecond / PIECES_A_SECOND)),
      pause: 1000 / Math.min(PIECES_A_SECOND, bytesPerSecond),
    });
  }

  /** Passes everything in pieces no longer than this, each in a loop turn of its own. */
  split(longest: number): void {
    this.#reshape({ longest, pause: 0 });
  }

  /** A sick cable: what clients send comes through this much later, a piece at a time. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Flips a bit of the first byte that comes through next. */
  corruptNext(): void {
    this.#corruptsNext = true;
  }

  /** Ends everything but `close`. */
  heal(): void {
    if (!this.#server.listening) this.#server.listen(this.#place);
    this.#refuses = 'no';
    this.#stalled = [];
    this.#untilStall = Number.POSITIVE_INFINITY;
    this.#delay = 0;
    this.#reshape(asItComes);
  }

  async close(): Promise<void> {
    this.reset();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }

  #reshape(shape: Shape): void {
    this.#shape = shape;
    for (const flow of this.#flows) flow.changed();
  }

  #accept(client: net.Socket): void {
    if (this.#refuses !== 'no') {
      client.on('error', () => {});
      if (this.#refuses === 'close') client.destroy();
      else this.#drop(client);
      return;
    }
    const server = net.connect({ ...this.target, allowHalfOpen: true });
    this.#pass(client, server, 'client');
    this.#pass(server, client, 'server');
  }

  /** A Unix socket knows no reset; nor does Node for a socket that is shutting down: it gives EINVAL, and never closes it. */
  #drop(socket: net.Socket): void {
    if ('path' in this.target || socket.writableEnded) socket.destroy();
    else socket.resetAndDestroy();
  }

  #count(bytes: number): void {
    this.#untilStall -= bytes;
    if (this.#untilStall <= 0) this.stall();
  }

  #pass(from: net.Socket, to: net.Socket, side: Side): void {
    const flow = new Flow(from, to, {
      isStalled: () => this.#stalled.includes(side),
      shape: () => this.#shape,
      delay: () => (side === 'client' ? this.#delay : 0),
      touch: (chunk) => {
        if (this.#corruptsNext) chunk[0] = (chunk[0] ?? 0) ^ 1;
        this.#corruptsNext = false;
        if (side === 'server') this.#count(chunk.length);
      },
    });
    this.#flows.add(flow);
    from.on('close', () => {
      this.#flows.delete(flow);
      flow.close();
    });
  }
}

interface Ways {
  readonly isStalled: () => boolean;
  readonly shape: () => Shape;
  readonly delay: () => number;
  readonly touch: (chunk: Buffer) => void;
}

/** One direction of one connection. */
class Flow {
  readonly from: net.Socket;
  readonly #to: net.Socket;
  readonly #ways: Ways;
  /** What has come and not gone. */
  readonly #held: Buffer[] = [];
  #ended = false;
  #closed = false;
  #waiting = false;
  /** The next piece has waited as long as it has to. */
  #delayed = false;
  /** Cuts short the pause between two pieces. */
  #timer: NodeJS.Timeout | undefined;

  constructor(from: net.Socket, to: net.Socket, ways: Ways) {
    this.from = from;
    this.#to = to;
    this.#ways = ways;
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      this.#held.push(chunk);
      this.#pump();
    });
    from.on('end', () => {
      this.#ended = true;
      this.#pump();
    });
    from.on('error', () => to.destroy());
    to.on('drain', () => this.#goOn());
    this.#pump();
  }

  changed(): void {
    if (this.#timer === undefined) this.#pump();
    else this.#goOn();
  }

  /** Whoever sent is gone, with all that it had to say or without: the other end learns it. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#to.destroy();
  }

  #goOn(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = false;
    this.#pump();
  }

  #pump(): void {
    while (!this.#waiting && !this.#closed && !this.#ways.isStalled()) {
      if (this.#held.length > 0 && this.#ways.delay() > 0 && !this.#delayed) {
        this.#delayed = true;
        this.#waiting = true;
        this.#timer = setTimeout(() => this.#goOn(), this.#ways.delay());
        break;
      }
      this.#delayed = false;
      const piece = this.#take();
      if (piece === null) {
        if (this.#ended) this.#to.end();
        else this.from.resume();
        return;
      }
      this.#send(piece);
    }
    this.from.pause();
  }

  #send(piece: Buffer): void {
    this.#ways.touch(piece);
    const { longest, pause } = this.#ways.shape();
    const flowing = this.#to.write(piece);
    if (flowing && longest === Number.POSITIVE_INFINITY) return;
    this.#waiting = true;
    // 'drain' ends the wait where the socket is full.
    if (flowing) this.#timer = setTimeout(() => this.#goOn(), pause);
  }

  #take(): Buffer | null {
    const [first] = this.#held;
    if (first === undefined) return null;
    const { longest } = this.#ways.shape();
    if (first.length <= longest) this.#held.shift();
    else this.#held[0] = first.subarray(longest);
    return first.subarray(0, Math.min(first.length, longest));
  }
}
