import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import type { FrameChannel, FrameReceiver } from '../../../src/cluster/link/frame-channel.ts';
import type { GreetingHost } from '../../../src/cluster/link/greeting.ts';
import { makeHello } from '../../../src/cluster/link/handshake.ts';
import { carrierOf, type LinkAddress, streamAddress } from '../../../src/cluster/link/link-address.ts';
import { openChannel } from '../../../src/cluster/link/open-channel.ts';
import type { ByteStream, Listener } from '../../../src/env/network.ts';
import type { KeyRing } from '../../../src/env/node/key-ring.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { type FrameHeader, FrameType, HEADER_LENGTH } from '../../../src/wire/interconnect/frame.ts';
import { encodeHello, type Hello } from '../../../src/wire/interconnect/hello.ts';
import { decodeRefuse, type Refuse } from '../../../src/wire/interconnect/refuse.ts';
import { silentLog } from '../../support/scsi.ts';

/** A system, over any transport, that says in its greeting what the test wants it to say, and hears how it is refused. */
export class Greeter implements FrameReceiver {
  readonly refused: Promise<Refuse>;
  readonly #host: GreetingHost;
  readonly #partner: string;
  readonly #address: LinkAddress;
  readonly #hello: Partial<Hello>;
  #channel: FrameChannel | null = null;
  #settle: (refuse: Refuse) => void = () => {};

  constructor(name: string, partner: string, address: LinkAddress, keys: KeyRing, hello: Partial<Hello>) {
    const env = nodeEnv({ keys });
    this.#host = {
      env,
      log: silentLog,
      pool: new BufferPool(0),
      self: { cluster: 'demo', name, incarnation: '0123456789abcdef' },
      receiveBuffer: new Uint8Array(65536),
      stages: new Stages(env.clock),
    };
    this.#partner = partner;
    this.#address = address;
    this.#hello = hello;
    this.refused = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  dial(): void {
    this.#host.env.network.connect(
      streamAddress(this.#address),
      (stream) => {
        this.#open(stream, this.#partner);
        this.#greet(FrameType.hello, 0);
      },
      (reason) => {
        throw new Error(reason);
      },
    );
  }

  listen(): Promise<Listener> {
    const accepted = (stream: ByteStream): void => this.#open(stream, null);
    return this.#host.env.network.listen(streamAddress(this.#address), accepted, () => {});
  }

  payloadBuffer(header: FrameHeader): Uint8Array {
    return new Uint8Array(header.payloadLength);
  }

  frame(header: FrameHeader, parameters: Uint8Array): null {
    if (header.type === FrameType.hello) this.#greet(FrameType.welcome, 7);
    const refuse = header.type === FrameType.refuse ? decodeRefuse(parameters) : null;
    if (refuse !== null) this.#settle(refuse);
    return null;
  }

  closed(): void {
    this.#channel = null;
  }

  #open(stream: ByteStream, partner: string | null): void {
    this.#channel = openChannel(this.#host, stream, carrierOf(this.#address), partner, this);
  }

  #greet(type: typeof FrameType.hello | typeof FrameType.welcome, generation: number): void {
    const channel = this.#channel;
    if (channel === null) throw new Error('there is nobody to greet');
    const hello = { ...makeHello(this.#host.self, this.#partner, generation, false), ...this.#hello };
    channel.send(type, 0, 0, encodeHello(hello, channel.scratch, HEADER_LENGTH));
  }
}
