import type { Socket } from 'node:net';
import { StreamLimits } from '../../limits.ts';
import type { Clock, Timer } from '../clock.ts';
import type { ByteStream, StreamHandler } from '../network.ts';
import type { Receiver } from './receiver.ts';

/** What a socket does not know of itself. */
export interface StreamKind {
  /** Of a Unix socket, which has no addresses of its own. */
  readonly unixPath?: string;
  /** The system that TLS has shown to be at the other end. */
  readonly provenPeer?: string;
}

/** A connected socket: TCP, TLS or Unix. The socket's receiving side has been led to `receiver`. */
export class NodeStream implements ByteStream {
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly bytesAreSafe: boolean;
  readonly provenPeer: string | null;
  readonly #socket: Socket;
  readonly #receiver: Receiver;
  readonly #clock: Clock;
  /** The callbacks of the writes that the kernel has not taken yet, in order. */
  readonly #unsent: (() => void)[] = [];
  #handler: StreamHandler | null = null;
  #reason: string | null = null;
  #lingering: Timer | null = null;
  #closed = false;

  constructor(socket: Socket, receiver: Receiver, clock: Clock, { unixPath, provenPeer }: StreamKind = {}) {
    this.#socket = socket;
    this.#receiver = receiver;
    this.#clock = clock;
    receiver.rested = () => {
      if (!this.#closed && !receiver.paused) socket.resume();
    };
    this.localAddress = unixPath ?? endpoint(socket.localAddress, socket.localPort);
    this.remoteAddress = unixPath ?? endpoint(socket.remoteAddress, socket.remotePort);
    this.provenPeer = provenPeer ?? null;
    const staysInHost = unixPath !== undefined || isLoopback(socket.remoteAddress ?? '');
    this.bytesAreSafe = staysInHost || provenPeer !== undefined;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, StreamLimits.keepAliveMilliseconds);
    socket.on('error', (error) => this.#because(error.message));
    socket.on('end', () => this.#peerEnded());
    socket.on('close', () => this.#becomeClosed());
  }

  get unsentBytes(): number {
    return this.#socket.writableLength;
  }

  attach(handler: StreamHandler): void {
    if (this.#handler !== null) throw new Error('a stream has one handler');
    this.#handler = handler;
    this.#receiver.attach(handler);
    this.#socket.resume();
  }

  write(chunks: readonly Uint8Array[], written: () => void): void {
    if (this.#reason !== null || chunks.length === 0) return process.nextTick(written);
    this.#unsent.push(written);
    const last = chunks.length - 1;
    // Corked chunks leave as one writev(2).
    this.#socket.cork();
    for (let at = 0; at <= last; at++)
      this.#socket.write(chunks[at] ?? '', at === last ? this.#written : noop);
    this.#socket.uncork();
  }

  /** Node answers every write, failed ones too, in order. After 'close' there is nobody left to tell. */
  readonly #written = (): void => {
    this.#unsent.shift()?.();
  };

  pause(): void {
    this.#receiver.pause();
    this.#socket.pause();
  }

  resume(): void {
    if (this.#receiver.hasWaiting) process.nextTick(this.#resumeReceiver);
    else this.#resumeReceiver();
  }

  readonly #resumeReceiver = (): void => {
    if (!this.#closed && this.#receiver.resume()) this.#socket.resume();
  };

  /**
   * Closing a socket that has received bytes which nobody read makes the kernel reset the connection, and the
   * peer may lose what was sent last. So the sending side ends first, and the socket closes when the peer has
   * closed too, or after a while.
   */
  end(): void {
    if (this.#reason !== null) return;
    this.#because('ended');
    this.#receiver.stop();
    this.#lingering = this.#clock.after(StreamLimits.lingerMilliseconds, () => this.#socket.destroy());
    this.#socket.end();
    this.#socket.resume();
  }

  destroy(reason: string): void {
    this.#because(reason);
    this.#receiver.stop();
    this.#socket.destroy();
  }

  /** Why the stream closes: the first reason is the cause, and the others follow from it. */
  #because(reason: string): void {
    this.#reason ??= reason;
  }

  /** Our own end() is still sending: it closes when that is done. */
  #peerEnded(): void {
    if (this.#reason === null) this.destroy('closed by peer');
  }

  #becomeClosed(): void {
    this.#closed = true;
    this.#lingering?.cancel();
    this.#receiver.stop();
    for (const written of this.#unsent.splice(0)) written();
    this.#handler?.closed(this.#reason ?? 'closed');
  }
}

function noop(): void {}

export function endpoint(host: string | undefined, port: number | undefined): string {
  // The peer may be gone before anyone asked for its address.
  if (host === undefined || port === undefined) return 'unknown';
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** RFC 1122 3.2.1.3 and RFC 4291 2.5.3; an IPv6 socket shows an IPv4 peer as a mapped address. */
function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.') || host.startsWith('::ffff:127.');
}
