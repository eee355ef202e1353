import { connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import type { Address, ByteStream, Listener, Network } from '../network.ts';
import { onread, receiveInPlace } from './accepted-socket.ts';
import { Receiver } from './receiver.ts';
import { NodeStream } from './stream.ts';
import { checkUnixPath, removeStaleSocket } from './unix-socket.ts';

export class NodeNetwork implements Network {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async listen(address: Address, accepted: (stream: ByteStream) => void): Promise<Listener> {
    // Nothing is read until the socket has a receiver.
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      const receiver = new Receiver();
      accepted(this.#stream(receiveInPlace(socket, receiver), receiver, address));
    });
    await listenAt(server, address);
    // A connection that fails while it is accepted is the peer's loss alone; the server goes on.
    server.on('error', (error) => process.emitWarning(error));
    return { address: boundAddress(server, address), close: () => server.close() };
  }

  connect(address: Address, connected: (stream: ByteStream) => void, failed: (reason: string) => void) {
    const receiver = new Receiver();
    const target = address.transport === 'tcp' ? { host: address.host, port: address.port } : address;
    const socket = connect({ ...target, onread: onread(receiver) });
    const onError = (error: Error): void => failed(error.message);
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.off('error', onError);
      connected(this.#stream(socket, receiver, address));
    });
    return { cancel: () => void (socket.connecting && socket.destroy()) };
  }

  #stream(socket: Socket, receiver: Receiver, address: Address): NodeStream {
    return new NodeStream(socket, receiver, this.#clock, address.transport === 'unix' ? address.path : null);
  }
}

async function listenAt(server: Server, address: Address): Promise<void> {
  if (address.transport === 'tcp') return listening(server, { host: address.host, port: address.port });
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
  return asked.transport === 'tcp' && bound !== null && typeof bound === 'object'
    ? { ...asked, port: bound.port }
    : asked;
}
