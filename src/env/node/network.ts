import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Clock } from '../clock.ts';
import type { Address, ByteStream, Listener, Network } from '../network.ts';
import { onread, receiveInPlace } from './in-place.ts';
import type { KeyRing } from './key-ring.ts';
import type { Poller } from './poller.ts';
import { Receiver } from './receiver.ts';
import { NodeStream, type StreamKind } from './stream.ts';
import { type TlsAddress, tlsConnect, tlsServer } from './tls.ts';
import { checkUnixPath, removeStaleSocket } from './unix-socket.ts';

export class NodeNetwork implements Network {
  readonly #clock: Clock;
  readonly #keys: KeyRing;
  readonly #poller: Poller | null;

  constructor(clock: Clock, keys: KeyRing, poller: Poller | null) {
    this.#clock = clock;
    this.#keys = keys;
    this.#poller = poller;
  }

  async listen(
    address: Address,
    accepted: (stream: ByteStream) => void,
    turnedAway: (remoteAddress: string, reason: string) => void = () => undefined,
  ): Promise<Listener> {
    const server =
      address.transport === 'tls'
        ? tlsServer(
            this.#keys,
            (socket, provenPeer) => accepted(this.#moved(socket, { provenPeer })),
            turnedAway,
          )
        : this.#plainServer(address, accepted);
    await listenAt(server, address);
    // A connection that fails while it is accepted is the peer's loss alone; the server goes on.
    server.on('error', (error) => process.emitWarning(error));
    return { address: boundAddress(server, address), close: () => server.close() };
  }

  connect(address: Address, connected: (stream: ByteStream) => void, failed: (reason: string) => void) {
    if (address.transport === 'tls') {
      const secured = (socket: TLSSocket) => connected(this.#moved(socket, { provenPeer: address.system }));
      return tlsConnect(address, this.#keys, secured, failed);
    }
    const receiver = new Receiver(this.#poller);
    const target = address.transport === 'tcp' ? { host: address.host, port: address.port } : address;
    const socket = connect({ ...target, onread: onread(receiver) });
    const onError = (error: Error): void => failed(error.message);
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      connected(new NodeStream(socket, receiver, this.#clock, kindOf(address)));
    });
    return { cancel: () => void (socket.connecting && socket.destroy()) };
  }

  #plainServer(address: PlainAddress, accepted: (stream: ByteStream) => void): Server {
    // Nothing is read until the socket has a receiver.
    return createServer({ pauseOnConnect: true }, (socket) => accepted(this.#moved(socket, kindOf(address))));
  }

  #moved(socket: Socket, kind: StreamKind): NodeStream {
    const receiver = new Receiver(this.#poller);
    return new NodeStream(receiveInPlace(socket, receiver), receiver, this.#clock, kind);
  }
}

type PlainAddress = Exclude<Address, TlsAddress>;

function kindOf(address: PlainAddress): StreamKind {
  return address.transport === 'unix' ? { unixPath: address.path } : {};
}

async function listenAt(server: Server, address: Address): Promise<void> {
  if (address.transport !== 'unix') return listening(server, { host: address.host, port: address.port });
  checkUnixPath(address.path);
  await removeStaleSocket(address.path);
  return listening(server, { path: address.path });
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function boundAddress(server: Server, asked: Address): Address {
  const bound = server.address();
  return asked.transport !== 'unix' && bound !== null && typeof bound === 'object'
    ? { ...asked, port: bound.port }
    : asked;
}
