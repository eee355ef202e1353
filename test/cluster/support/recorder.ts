import { once } from 'node:events';
import net from 'node:net';

/** Bytes as they passed, in the order in which they passed. */
export interface RecordedChunk {
  readonly fromDialer: boolean;
  readonly bytes: Buffer;
}

/** Passes bytes between who connects to it and a TCP port, and remembers them. */
export class Recorder {
  readonly chunks: RecordedChunk[] = [];
  readonly #server: net.Server;
  readonly #sockets: net.Socket[] = [];

  private constructor(port: number) {
    this.#server = net.createServer((dialer) => {
      const target = net.connect(port, '127.0.0.1');
      this.#pass(dialer, target, true);
      this.#pass(target, dialer, false);
    });
  }

  static async to(port: number): Promise<Recorder> {
    const recorder = new Recorder(port);
    recorder.#server.listen(0, '127.0.0.1');
    await once(recorder.#server, 'listening');
    return recorder;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not on a TCP port');
    return address.port;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #pass(from: net.Socket, to: net.Socket, fromDialer: boolean): void {
    this.#sockets.push(from);
    from.on('data', (bytes) => {
      this.chunks.push({ fromDialer, bytes });
      to.write(bytes);
    });
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}
