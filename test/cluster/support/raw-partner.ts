import { connect, type Socket } from 'node:net';
import { makeHello } from '../../../src/cluster/link/handshake.ts';
import { type LinkAddress, streamAddress } from '../../../src/cluster/link/link-address.ts';
import {
  decodeHeader,
  emptyHeader,
  type FrameHeader,
  FrameType,
  HEADER_LENGTH,
  sealFrame,
} from '../../../src/wire/interconnect/frame.ts';
import { encodeHello, type Hello } from '../../../src/wire/interconnect/hello.ts';
import { encodeNexusOpen } from '../../../src/wire/interconnect/nexus.ts';

export interface ReceivedFrame {
  readonly header: FrameHeader;
  readonly parameters: Uint8Array;
  readonly payload: Uint8Array;
}

const beta = { cluster: 'demo', name: 'beta', incarnation: '0123456789abcdef' };

/** A partner that says what the test wants it to say: raw bytes on a real socket. */
export class RawPartner {
  generation = 0;
  readonly frames: ReceivedFrame[] = [];
  /** Called with what comes: bytes, and each whole frame. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  onFrame: (frame: ReceivedFrame) => void = () => {};
  /** Resolves when the other end has closed. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #waiting: (() => void) | null = null;
  #ended = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#data(bytes));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#ended = true;
        this.#waiting?.();
        resolve();
      });
    });
  }

  static async connect(given: LinkAddress): Promise<RawPartner> {
    const address = streamAddress(given);
    const socket = connect(
      address.transport === 'unix' ? { path: address.path } : { host: address.host, port: address.port },
    );
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawPartner(socket);
  }

  /** Past the handshake, as beta. */
  static async greeted(address: LinkAddress, changes: Partial<Hello> = {}): Promise<RawPartner> {
    const partner = await RawPartner.connect(address);
    partner.sendHello(changes);
    const welcome = await partner.next(FrameType.welcome);
    partner.generation = Buffer.from(welcome.parameters).readUInt32BE(16);
    return partner;
  }

  sendHello(changes: Partial<Hello>): void {
    const bytes = new Uint8Array(1024);
    const length = encodeHello({ ...makeHello(beta, 'alpha', 0, false), ...changes }, bytes, 0);
    this.send({ type: FrameType.hello, generation: 0 }, bytes.subarray(0, length));
  }

  openNexus(nexus: number): void {
    const bytes = new Uint8Array(1024);
    const open = {
      nexus,
      relativeId: 4,
      portalGroupTag: 4,
      groupId: 2,
      isid: '00023d000001',
      initiatorName: 'iqn.2026-11.test:raw',
      portName: 'beta-proxy',
      targetName: 'iqn.2026-11.dev.crosspath:demo:beta-proxy',
    };
    this.send({ type: FrameType.nexusOpen }, bytes.subarray(0, encodeNexusOpen(open, bytes, 0)));
  }

  /** A frame with right lengths and sums, but for what `header` says otherwise. */
  send(
    header: Partial<FrameHeader> & { type: number },
    parameters: Uint8Array,
    payload: Uint8Array = new Uint8Array(0),
  ): void {
    const frame = new Uint8Array(HEADER_LENGTH + parameters.length);
    frame.set(parameters, HEADER_LENGTH);
    const lengths = { parametersLength: parameters.length, payloadLength: payload.length };
    sealFrame(frame, { ...emptyHeader(), generation: this.generation, ...lengths, ...header });
    this.write(frame);
    if (payload.length > 0) this.write(payload);
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The next frame of this type that has come or comes; throws if the other end closes first. */
  async next(type: number): Promise<ReceivedFrame> {
    for (;;) {
      const at = this.frames.findIndex(({ header }) => header.type === type);
      const [frame] = at < 0 ? [] : this.frames.splice(at, 1);
      if (frame !== undefined) return frame;
      if (this.#ended) throw new Error('closed');
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  #data(bytes: Buffer): void {
    this.onBytes(bytes);
    this.#received = Buffer.concat([this.#received, bytes]);
    for (;;) {
      if (this.#received.length < HEADER_LENGTH) break;
      const header = emptyHeader();
      decodeHeader(this.#received, header);
      const payloadAt = HEADER_LENGTH + header.parametersLength;
      const end = payloadAt + header.payloadLength;
      if (this.#received.length < end) break;
      const parameters = new Uint8Array(this.#received.subarray(HEADER_LENGTH, payloadAt));
      const frame = { header, parameters, payload: new Uint8Array(this.#received.subarray(payloadAt, end)) };
      this.frames.push(frame);
      this.#received = this.#received.subarray(end);
      this.onFrame(frame);
    }
    this.#waiting?.();
  }
}
