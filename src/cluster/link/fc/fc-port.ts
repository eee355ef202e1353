/**
 * An N_Port on an FCIP connection: sends information units as sequences of FC-2 frames and puts the frames that come
 * together again. It verifies encapsulation, delimiters, CRC and the order of a sequence's frames, and knows
 * nothing of what the units mean.
 *
 * The frames of one sequence follow each other without frames of another between them (docs/fibre-channel.md section
 * 3): so there is one sequence to assemble at a time, and it needs one buffer.
 */
import type { BufferPool } from '../../../buffers/buffer-pool.ts';
import { OutputQueue } from '../../../buffers/output-queue.ts';
import type { Clock } from '../../../env/clock.ts';
import type { ByteStream, StreamHandler } from '../../../env/network.ts';
import type { Stages } from '../../../latency/stages.ts';
import { checksum32 } from '../../../sys/crc32.ts';
import {
  DELIMITER_LENGTH,
  decodeDelimiter,
  decodeEncapsulation,
  ENCAPSULATION_LENGTH,
  Eof,
  encodeDelimiter,
  encodeEncapsulation,
  PFlag,
  Sof,
} from '../../../wire/fc/encapsulation.ts';
import {
  decodeFcHeader,
  emptyFcHeader,
  encodeFcHeader,
  FC_CRC_LENGTH,
  FC_HEADER_LENGTH,
  FrameControl,
  fcCrcAt,
  MAX_DATA_FIELD,
  putFcCrc,
} from '../../../wire/fc/frame-header.ts';
import {
  decodeSpecialFrame,
  encodeSpecialFrame,
  SPECIAL_FRAME_LENGTH,
  type SpecialFrame,
} from '../../../wire/fc/special-frame.ts';
import { Deframer, type FrameHandler } from '../../../wire/framing/deframer.ts';
import { type FcUnit, SequenceAssembly } from './sequence-assembly.ts';

/** Who handles what comes. A reason (a string) says what is broken: the connection ends. */
export interface FcPortHandler {
  specialFrame(frame: SpecialFrame): string | null;
  /** A whole information unit; both borrowed for the call. */
  unit(unit: FcUnit, bytes: Uint8Array): string | null;
  /** All that has come so far has been told. */
  drained(): string | null;
  closed(reason: string): void;
}

const SOF_AT = ENCAPSULATION_LENGTH;
const HEADER_AT = SOF_AT + DELIMITER_LENGTH;
const DATA_AT = HEADER_AT + FC_HEADER_LENGTH;
const TRAILER_LENGTH = FC_CRC_LENGTH + DELIMITER_LENGTH;
/** Data of the frames that are sent: less than the 2112 that may be, since powers of two fill it. */
const DATA_FIELD = 2048;

export class FcPort implements StreamHandler, FrameHandler {
  readonly headerLength = ENCAPSULATION_LENGTH;
  bytesReceived = 0;
  receivedAt: number | null = null;
  bytesSent = 0;
  /** Addresses, from the login on. */
  localId = 0;
  remoteId = 0;
  readonly assembly = new SequenceAssembly();
  readonly #stream: ByteStream;
  readonly #stages: Stages;
  readonly #output: OutputQueue;
  readonly #deframer: Deframer;
  readonly #handler: FcPortHandler;
  readonly #incoming = emptyFcHeader();
  readonly #outgoing = emptyFcHeader();
  readonly #frame = new Uint8Array(DATA_AT + MAX_DATA_FIELD + TRAILER_LENGTH);
  readonly #special = new Uint8Array(SPECIAL_FRAME_LENGTH - ENCAPSULATION_LENGTH);
  #payloadLength = 0;
  #pFlags = 0;
  #data: Uint8Array = this.#special;
  #sequence = 0;
  #closed = false;
  #ownReason: string | null = null;

  constructor(
    stream: ByteStream,
    clock: Clock,
    pool: BufferPool,
    shared: Uint8Array,
    handler: FcPortHandler,
    stages: Stages,
  ) {
    this.#stream = stream;
    this.#stages = stages;
    this.#output = new OutputQueue(stream, clock, pool);
    this.#deframer = new Deframer(this, shared);
    this.#handler = handler;
    stream.attach(this);
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress;
  }

  sendSpecialFrame(frame: SpecialFrame): void {
    const length = encodeSpecialFrame(frame, this.#frame, 0);
    this.#output.put(this.#frame.subarray(0, length));
    this.bytesSent += length;
  }

  /**
   * Sends `bytes` as one sequence. `unit.frameControl` has the bits of its last frame, which End_Sequence and the number of
   * fill bytes are added to. Gives the number of frames. The bytes are copied.
   */
  send(unit: FcUnit, bytes: Uint8Array): number {
    let frames = 0;
    for (let at = 0; at < bytes.length; at += DATA_FIELD) {
      this.#output.put(this.#encode(unit, bytes, at, frames++));
    }
    this.#sequence = (this.#sequence + 1) & 0xff;
    return frames;
  }

  /** Sends a unit of one frame ahead of those that wait. */
  sendUrgent(unit: FcUnit, bytes: Uint8Array): void {
    this.#output.putUrgent(this.#encode(unit, bytes, 0, 0));
    this.#sequence = (this.#sequence + 1) & 0xff;
  }

  /** What was sent since the last call belongs together: nothing urgent goes between. */
  endMessage(): void {
    this.#output.endMessage();
  }

  destroy(reason: string): void {
    this.#stream.destroy(reason);
  }

  /** Sends what waits, then ends; `closed` will tell the reason. */
  leave(reason: string): void {
    this.#ownReason = reason;
    this.end();
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
    const frames = this.#deframer.received(length);
    const broken = this.#handler.drained();
    if (broken !== null) this.#stop(broken);
    return frames;
  }

  closed(reason: string): void {
    this.#closed = true;
    this.#output.drop();
    this.#handler.closed(this.#ownReason ?? reason);
  }

  extensionLength(bytes: Uint8Array): number {
    const encapsulation = decodeEncapsulation(bytes);
    if (typeof encapsulation === 'string') return this.#broken(encapsulation);
    const { pFlags, length } = encapsulation;
    this.#pFlags = pFlags;
    if (pFlags !== 0) {
      this.#payloadLength = this.#special.length;
      return length === SPECIAL_FRAME_LENGTH ? 0 : this.#broken(`a special frame of ${length} bytes`);
    }
    this.#payloadLength = length - DATA_AT - TRAILER_LENGTH;
    if (this.#payloadLength >= 0 && this.#payloadLength <= MAX_DATA_FIELD) return DATA_AT - SOF_AT;
    return this.#broken(`an encapsulated frame of ${length} bytes`);
  }

  payloadBuffer(bytes: Uint8Array): Uint8Array | null | false {
    if (this.#pFlags !== 0) return this.#special;
    decodeFcHeader(bytes, HEADER_AT, this.#incoming);
    const sof = decodeDelimiter(bytes, SOF_AT);
    if (sof !== Sof.initiateClass3 && sof !== Sof.normalClass3) return this.#stop('a wrong start of frame');
    const place = this.assembly.place(sof === Sof.initiateClass3, this.#incoming, this.#payloadLength);
    if (typeof place === 'string') return this.#stop(place);
    this.#data = place;
    return place;
  }

  trailerLength(): number {
    return this.#pFlags === 0 ? TRAILER_LENGTH : 0;
  }

  frame(bytes: Uint8Array, trailer: Uint8Array): boolean {
    const broken = this.#pFlags === 0 ? this.#fcFrame(bytes, trailer) : this.#specialFrame();
    return broken === null ? !this.#closed : this.#stop(broken);
  }

  #specialFrame(): string | null {
    const frame = decodeSpecialFrame((this.#pFlags & PFlag.changed) !== 0, this.#special);
    return frame === null ? 'a malformed special frame' : this.#handler.specialFrame(frame);
  }

  #fcFrame(bytes: Uint8Array, trailer: Uint8Array): string | null {
    const header = checksum32(bytes.subarray(HEADER_AT, DATA_AT));
    if (checksum32(this.#data, header) !== fcCrcAt(trailer, 0)) return 'a wrong CRC';
    const last = (this.#incoming.frameControl & FrameControl.endSequence) !== 0;
    if (decodeDelimiter(trailer, FC_CRC_LENGTH) !== (last ? Eof.terminate : Eof.normal)) {
      return 'a wrong end of frame';
    }
    if (!last) return null;
    const whole = this.assembly.end(this.#incoming.frameControl);
    return this.#handler.unit(this.assembly.unit, whole);
  }

  /** The frame of a unit that carries the bytes from `at` on, with all that is around it. */
  #encode(unit: FcUnit, bytes: Uint8Array, at: number, frames: number): Uint8Array {
    const data = bytes.subarray(at, at + DATA_FIELD);
    const last = at + data.length === bytes.length;
    const fill = -data.length & FrameControl.fillBytes;
    const header = Object.assign(this.#outgoing, unit);
    header.destination = unit.destination ?? this.remoteId;
    header.source = unit.source ?? this.localId;
    // Sequence Initiative and Last_Sequence mean something in the last frame alone; the rest is the sequence's.
    const ending = FrameControl.sequenceInitiative | FrameControl.lastSequence;
    header.frameControl = last
      ? unit.frameControl | FrameControl.endSequence | fill
      : unit.frameControl & ~ending;
    header.sequence = this.#sequence;
    header.sequenceCount = (unit.sequenceCount + frames) & 0xffff;
    header.parameter =
      (unit.frameControl & FrameControl.relativeOffset) === 0 ? 0 : (unit.parameter + at) >>> 0;
    return this.#encapsulate(at === 0, last, data, fill);
  }

  #encapsulate(first: boolean, last: boolean, data: Uint8Array, fill: number): Uint8Array {
    const frame = this.#frame;
    const crcAt = DATA_AT + data.length + fill;
    const length = crcAt + TRAILER_LENGTH;
    encodeEncapsulation(length, 0, frame, 0);
    encodeDelimiter(first ? Sof.initiateClass3 : Sof.normalClass3, frame, SOF_AT);
    encodeFcHeader(this.#outgoing, frame, HEADER_AT);
    frame.set(data, DATA_AT);
    frame.fill(0, DATA_AT + data.length, crcAt);
    putFcCrc(frame, crcAt, checksum32(frame.subarray(HEADER_AT, crcAt)));
    encodeDelimiter(last ? Eof.terminate : Eof.normal, frame, crcAt + FC_CRC_LENGTH);
    this.bytesSent += length;
    return frame.subarray(0, length);
  }

  #broken(reason: string): number {
    this.#stop(reason);
    return -1;
  }

  #stop(reason: string): false {
    this.#stream.destroy(`broken frame: ${reason}`);
    return false;
  }
}
