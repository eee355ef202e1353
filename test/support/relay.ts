import { once } from 'node:events';
import net from 'node:net';

/** Where a relay's listener or its target is: a TCP port on loopback, or a Unix socket. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string };

type Side = 'client' | 'server';

interface Pair {
  readonly client: net.Socket;
  readonly server: net.Socket;
}

/**
 * Passes bytes between those who connect to it and a target, until told to misbehave. It stands between a client
 * and a portal, or between two systems, in the place of a cable that somebody pulls.
 */
export class Relay {
  readonly target: Place;
  readonly #server: net.Server;
  readonly #pairs = new Set<Pair>();
  #refuses = false;
  #stalled: readonly Side[] = [];
  #corruptsNext = false;
  /** Milliseconds that what a client sends waits here. */
  #delay = 0;
  /** Sockets of which something waits. */
  readonly #waiting = new Set<net.Socket>();

  private constructor(target: Place) {
    this.target = target;
    this.#server = net.createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** `at`: where it listens; without it, a free loopback port. */
  static async to(target: Place, at: Place = { host: '127.0.0.1', port: 0 }): Promise<Relay> {
    const relay = new Relay(target);
    relay.#server.listen(at);
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the relay is not on a TCP port');
    return address.port;
  }

  get connections(): number {
    return this.#pairs.size;
  }

  /** A dead switch: connections stay open and nothing comes through, in either direction or in one. */
  stall(direction: 'both' | 'fromClient' = 'both'): void {
    this.#stalled = direction === 'both' ? ['client', 'server'] : ['client'];
    for (const pair of this.#pairs) for (const side of this.#stalled) pair[side].pause();
  }

  /** An unplugged host adapter: both ends get a reset, and new connections too, until `heal`. */
  reset(): void {
    this.#refuses = true;
    for (const pair of this.#pairs) for (const socket of [pair.client, pair.server]) this.#drop(socket);
  }

  /** A sick cable: what clients send comes through this much later, until `heal`. */
  delay(milliseconds: number): void {
    this.#delay = milliseconds;
  }

  /** Flips a bit of the first byte that comes through next. */
  corruptNext(): void {
    this.#corruptsNext = true;
  }

  /** Ends `stall`, `delay` and `reset`. */
  heal(): void {
    this.#delay = 0;
    this.#refuses = false;
    this.#stalled = [];
    for (const pair of this.#pairs)
      for (const socket of [pair.client, pair.server]) this.#resume(socket, pair);
  }

  async close(): Promise<void> {
    this.reset();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #accept(client: net.Socket): void {
    if (this.#refuses) {
      client.on('error', () => {});
      this.#drop(client);
      return;
    }
    const server = net.connect({ ...this.target, allowHalfOpen: true });
    const pair = { client, server };
    this.#pairs.add(pair);
    this.#pass(client, server, pair);
    this.#pass(server, client, pair);
  }

  /** One chunk at a time, so that none overtakes another. */
  #later(chunk: Buffer, pair: Pair): void {
    const { client, server } = pair;
    this.#waiting.add(client);
    client.pause();
    setTimeout(() => {
      this.#waiting.delete(client);
      server.write(chunk);
      this.#resume(client, pair);
    }, this.#delay);
  }

  #resume(from: net.Socket, pair: Pair): void {
    if (!this.#isStalled(from, pair) && !this.#waiting.has(from)) from.resume();
  }

  #isStalled(from: net.Socket, pair: Pair): boolean {
    return this.#stalled.some((side) => pair[side] === from);
  }

  /** A Unix socket knows no reset. */
  #drop(socket: net.Socket): void {
    if ('path' in this.target) socket.destroy();
    else socket.resetAndDestroy();
  }

  #pass(from: net.Socket, to: net.Socket, pair: Pair): void {
    from.setNoDelay(true);
    from.on('data', (chunk) => {
      if (this.#corruptsNext) chunk[0] = (chunk[0] ?? 0) ^ 1;
      this.#corruptsNext = false;
      if (this.#delay > 0 && from === pair.client) return this.#later(chunk, pair);
      if (to.write(chunk)) return;
      from.pause();
      to.once('drain', () => this.#resume(from, pair));
    });
    from.on('end', () => to.end());
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.#pairs.delete(pair);
      to.destroy();
    });
    if (this.#isStalled(from, pair)) from.pause();
  }
}
