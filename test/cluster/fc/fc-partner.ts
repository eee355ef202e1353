import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { FcChannel } from '../../../src/cluster/link/fc/fc-channel.ts';
import { fcNames } from '../../../src/cluster/link/fc/world-wide-names.ts';
import type { FrameReceiver } from '../../../src/cluster/link/frame-channel.ts';
import { makeHello } from '../../../src/cluster/link/handshake.ts';
import { type LinkAddress, streamAddress } from '../../../src/cluster/link/link-address.ts';
import type { ByteStream, StreamHandler } from '../../../src/env/network.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { Stages } from '../../../src/latency/stages.ts';
import { crc32 } from '../../../src/wire/crc32.ts';
import { fcCrcAt, putFcCrc } from '../../../src/wire/fc/frame-header.ts';
import { type FrameHeader, FrameType, HEADER_LENGTH } from '../../../src/wire/interconnect/frame.ts';
import { encodeHello } from '../../../src/wire/interconnect/hello.ts';
import { encodeNexusOpen } from '../../../src/wire/interconnect/nexus.ts';
import { fcipFrames } from './capture.ts';

/** FCIP frames that are about to be sent, for the test to change, leave out or add to. */
export type Mangle = (frames: Buffer[]) => Buffer[];

export interface PartnerOptions {
  /** Default: beta of demo. */
  readonly self?: { readonly cluster: string; readonly name: string; readonly incarnation: string };
  /** Whom it calls; default alpha. */
  readonly calls?: string;
  /** From the first bytes on. */
  readonly mangle?: Mangle;
}

const env = nodeEnv();
const beta = { cluster: 'demo', name: 'beta', incarnation: '0123456789abcdef' };

/** A partner that calls as beta, does what is right, and sends what the test has made of it. */
export class FcPartner implements FrameReceiver {
  /** Sent in place of what is right, from now on. */
  mangle: Mangle | null;
  readonly received: { readonly type: number; readonly parameters: Uint8Array }[] = [];
  readonly channel: FcChannel;
  /** Called with what comes: bytes, and each whole frame. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  onFrame: (header: FrameHeader, parameters: Uint8Array, payload: Uint8Array) => void = () => {};
  readonly #self: Required<PartnerOptions>['self'];
  readonly #calls: string;
  /** Why its end closed. */
  closedBy: string | null = null;
  readonly #waiting = new Set<() => void>();

  private constructor(stream: ByteStream, { calls = 'alpha', self = beta, mangle }: PartnerOptions) {
    this.mangle = mangle ?? null;
    this.#self = self;
    this.#calls = calls;
    const identity = {
      names: fcNames(self.cluster, self.name),
      partner: fcNames(self.cluster, calls),
      nonce: env.random.bytes(8),
    };
    const between = mangling(
      stream,
      () => this.mangle,
      (bytes) => this.onBytes(bytes),
    );
    const shared = new Uint8Array(65536);
    this.channel = new FcChannel(
      between,
      env.clock,
      new BufferPool(0),
      shared,
      this,
      identity,
      new Stages(env.clock),
    );
  }

  static connect(address: LinkAddress, options: PartnerOptions = {}): Promise<FcPartner> {
    return new Promise((resolve, reject) => {
      const connected = (stream: ByteStream): void => resolve(new FcPartner(stream, options));
      env.network.connect(streamAddress(address), connected, reject);
    });
  }

  /** Past the handshake, with nexus 1 open. */
  static async greeted(address: LinkAddress): Promise<FcPartner> {
    const partner = await FcPartner.connect(address);
    partner.sendHello();
    await partner.next(FrameType.welcome);
    partner.#openNexus();
    return partner;
  }

  sendHello(): void {
    const length = encodeHello(
      makeHello(this.#self, this.#calls, 0, false),
      this.channel.scratch,
      HEADER_LENGTH,
    );
    this.channel.send(FrameType.hello, 0, 0, length);
  }

  send(
    type: FrameType,
    exchange: number,
    parameters: Uint8Array,
    payload: Uint8Array = new Uint8Array(0),
  ): void {
    this.channel.scratch.set(parameters, HEADER_LENGTH);
    this.channel.send(type, 0, exchange, parameters.length, payload);
  }

  /** The parameters of the next frame of this type; throws if the other end closes first. */
  async next(type: number): Promise<Uint8Array> {
    for (;;) {
      const at = this.received.findIndex((frame) => frame.type === type);
      const [frame] = at < 0 ? [] : this.received.splice(at, 1);
      if (frame !== undefined) return frame.parameters;
      if (this.closedBy !== null) throw new Error(`closed: ${this.closedBy}`);
      await this.#change();
    }
  }

  async closes(): Promise<string> {
    while (this.closedBy === null) await this.#change();
    return this.closedBy;
  }

  payloadBuffer(header: FrameHeader): Uint8Array {
    return new Uint8Array(header.payloadLength);
  }

  frame(header: FrameHeader, parameters: Uint8Array, payload: Uint8Array): null {
    if (header.type === FrameType.welcome) {
      this.channel.generation = Buffer.from(parameters).readUInt32BE(16);
      this.channel.become(this);
    }
    this.received.push({ type: header.type, parameters: parameters.slice() });
    this.onFrame(header, parameters, payload);
    this.#tell();
    return null;
  }

  closed(reason: string): void {
    this.closedBy = reason;
    this.#tell();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #openNexus(): void {
    const open = {
      nexus: 1,
      relativeId: 4,
      portalGroupTag: 4,
      groupId: 2,
      isid: '00023d000001',
      initiatorName: 'iqn.2026-11.test:raw',
      portName: 'beta-proxy',
      targetName: 'iqn.2026-11.dev.crosspath:demo:beta-proxy',
    };
    const length = encodeNexusOpen(open, this.channel.scratch, HEADER_LENGTH);
    this.channel.send(FrameType.nexusOpen, 0, 0, length);
  }
}

/** Gives the frame the CRC that its bytes have now. */
export function reseal(frame: Buffer): Buffer {
  putFcCrc(frame, frame.length - 8, crc32(frame.subarray(32, frame.length - 8)));
  if (fcCrcAt(frame, frame.length - 8) === 0) throw new Error('a CRC of 0');
  return frame;
}

function mangling(
  stream: ByteStream,
  mangle: () => Mangle | null,
  sees: (bytes: Uint8Array) => void,
): ByteStream {
  return {
    localAddress: stream.localAddress,
    remoteAddress: stream.remoteAddress,
    bytesAreSafe: stream.bytesAreSafe,
    provenPeer: stream.provenPeer,
    unsentBytes: 0,
    attach(handler: StreamHandler) {
      let buffer: Uint8Array = new Uint8Array(0);
      stream.attach({
        receiveBuffer() {
          buffer = handler.receiveBuffer();
          return buffer;
        },
        received(length) {
          sees(buffer.subarray(0, length));
          return handler.received(length);
        },
        closed: (reason) => handler.closed(reason),
      });
    },
    write(chunks, written) {
      const change = mangle();
      if (change === null) return stream.write(chunks, written);
      const whole = [{ fromDialer: true, bytes: Buffer.concat(chunks) }];
      stream.write(change(fcipFrames(whole).map(({ bytes }) => Buffer.from(bytes))), written);
    },
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    end: () => stream.end(),
    destroy: (reason) => stream.destroy(reason),
  };
}
