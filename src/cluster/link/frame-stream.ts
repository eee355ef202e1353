/**
 * Frames over a byte stream: verifies what comes before anyone uses it, sums and queues what goes. It knows the
 * frame (docs/interconnect.md section 2) and nothing of what frames mean.
 */
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import { OutputQueue } from '../../buffers/output-queue.ts';
import type { Clock } from '../../env/clock.ts';
import type { ByteStream, StreamHandler } from '../../env/network.ts';
import type { Stages } from '../../latency/stages.ts';
import { checksum } from '../../sys/crc32c.ts';
import { Deframer, type FrameHandler } from '../../wire/framing/deframer.ts';
import {
  brokenHeader,
  decodeHeader,
  emptyHeader,
  type FrameType,
  frameName,
  HEADER_LENGTH,
  headerChecksumHolds,
  MAX_PARAMETERS,
  sealFrame,
} from '../../wire/interconnect/frame.ts';
import type { FrameChannel, FrameReceiver } from './frame-channel.ts';

const NO_BYTES = new Uint8Array(0);

export class FrameStream implements FrameChannel, StreamHandler, FrameHandler {
  readonly headerLength = HEADER_LENGTH;
  readonly scratch = new Uint8Array(HEADER_LENGTH + MAX_PARAMETERS);
  generation = 0;
  checksums = false;
  framesSent = 0;
  bytesReceived = 0;
  receivedAt: number | null = null;
  bytesSent = 0;
  readonly #stream: ByteStream;
  readonly #stages: Stages;
  readonly #output: OutputQueue;
  readonly #deframer: Deframer;
  readonly #incoming = emptyHeader();
  readonly #outgoing = emptyHeader();
  #receiver: FrameReceiver;
  #payload: Uint8Array = NO_BYTES;
  /** The header that came last, and the parameters in it: the deframer shows headers of one length by one view. */
  #header: Uint8Array = NO_BYTES;
  #parameters: Uint8Array = NO_BYTES;
  /** Beginnings of `scratch`, by the length of the parameters in them. */
  readonly #sealed: Uint8Array[] = [];
  #closed = false;

  constructor(
    stream: ByteStream,
    clock: Clock,
    pool: BufferPool,
    shared: Uint8Array,
    receiver: FrameReceiver,
    stages: Stages,
  ) {
    this.#stream = stream;
    this.#stages = stages;
    this.#output = new OutputQueue(stream, clock, pool);
    this.#deframer = new Deframer(this, shared);
    this.#receiver = receiver;
    stream.attach(this);
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress;
  }

  become(receiver: FrameReceiver): void {
    this.#receiver = receiver;
  }

  send(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    payload: Uint8Array = NO_BYTES,
    lease: Lease | null = null,
  ): void {
    const frame = this.#seal(type, flags, exchange, parametersLength, payload);
    this.#output.put(frame);
    if (payload.length > 0) this.#output.lend(payload, lease);
    this.#output.endMessage();
  }

  sendUrgent(type: FrameType, exchange: number, parametersLength: number): void {
    this.#output.putUrgent(this.#seal(type, 0, exchange, parametersLength, NO_BYTES));
  }

  releaseWhenSent(lease: Lease): void {
    this.#output.releaseWhenSent(lease);
  }

  destroy(reason: string): void {
    this.#stream.destroy(reason);
  }

  end(): void {
    this.#output.flush();
    this.#stream.end();
  }

  receiveBuffer(): Uint8Array {
    return this.#deframer.receiveBuffer();
  }

  received(length: number): number {
    this.bytesReceived += length;
    this.receivedAt = this.#stages.arrival();
    return this.#deframer.received(length);
  }

  closed(reason: string): void {
    this.#closed = true;
    this.#output.drop();
    this.#receiver.closed(reason);
  }

  extensionLength(bytes: Uint8Array): number {
    const header = this.#incoming;
    decodeHeader(bytes, header);
    const broken = brokenHeader(header);
    return broken === null ? header.parametersLength : this.#broken(broken);
  }

  payloadBuffer(bytes: Uint8Array): Uint8Array | null | false {
    const header = this.#incoming;
    if (!headerChecksumHolds(bytes, header.parametersLength)) return this.#stop('a wrong header checksum');
    if (header.generation !== this.generation) {
      return this.#stop(`generation ${header.generation} on a link of generation ${this.generation}`);
    }
    if (header.payloadLength === 0) {
      this.#payload = NO_BYTES;
      return null;
    }
    const buffer = this.#receiver.payloadBuffer(header, this.#parametersOf(bytes));
    if (typeof buffer === 'string') return this.#stop(`${frameName(header.type)}: ${buffer}`);
    this.#payload = buffer;
    return buffer;
  }

  trailerLength(): number {
    return 0;
  }

  frame(bytes: Uint8Array): boolean {
    const header = this.#incoming;
    const payload = this.#payload;
    this.#payload = NO_BYTES;
    if (this.checksums && payload.length > 0 && checksum(payload, 0) !== header.payloadChecksum) {
      return this.#stop(`${frameName(header.type)}: a wrong payload checksum`);
    }
    const broken = this.#receiver.frame(header, this.#parametersOf(bytes), payload);
    return broken === null ? !this.#closed : this.#stop(`${frameName(header.type)}: ${broken}`);
  }

  #seal(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    payload: Uint8Array,
  ): Uint8Array {
    const header = this.#outgoing;
    header.type = type;
    header.flags = flags;
    header.parametersLength = parametersLength;
    header.payloadLength = payload.length;
    header.generation = this.generation;
    header.exchange = exchange;
    header.payloadChecksum = this.checksums && payload.length > 0 ? checksum(payload, 0) : 0;
    sealFrame(this.scratch, header);
    this.framesSent++;
    this.bytesSent += HEADER_LENGTH + parametersLength + payload.length;
    const sealed = this.#sealed[parametersLength];
    if (sealed !== undefined) return sealed;
    const made = this.scratch.subarray(0, HEADER_LENGTH + parametersLength);
    this.#sealed[parametersLength] = made;
    return made;
  }

  #parametersOf(header: Uint8Array): Uint8Array {
    if (header === this.#header) return this.#parameters;
    this.#header = header;
    this.#parameters = header.subarray(HEADER_LENGTH);
    return this.#parameters;
  }

  #broken(reason: string): number {
    this.#stream.destroy(`broken frame: ${reason}`);
    return -1;
  }

  #stop(reason: string): false {
    this.#stream.destroy(`broken frame: ${reason}`);
    return false;
  }
}
