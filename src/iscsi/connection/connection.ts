/**
 * One TCP connection: cuts what comes into PDUs, gives them to the phase it is in (login, then full feature), and
 * gathers what goes out. Whatever goes wrong in here ends this connection and no other.
 */
import { AssertionError } from 'node:assert';
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import { OutputQueue } from '../../buffers/output-queue.ts';
import type { Clock } from '../../env/clock.ts';
import type { Log } from '../../env/log.ts';
import type { ByteStream, StreamHandler } from '../../env/network.ts';
import type { Stages } from '../../latency/stages.ts';
import { IscsiLimits } from '../../limits.ts';
import { checksum } from '../../sys/crc32c.ts';
import { Deframer, type FrameHandler } from '../../wire/framing/deframer.ts';
import { BHS_LENGTH, dataSegmentLength, paddingOf, totalAhsLength } from '../../wire/iscsi/bhs.ts';
import { DIGEST_LENGTH, dataMatches, headerMatches, putDigest } from './digest.ts';

/** What becomes of the PDUs. A phase that ends the connection drops or finishes it; what it returns then is moot. */
export interface Phase {
  /** Header and additional headers are here: where the data goes (`length` bytes, or null where that is 0). */
  beginPdu(header: Uint8Array, length: number): Uint8Array | null;
  /** The whole PDU is here. */
  endPdu(header: Uint8Array): void;
  /** A data segment is longer than was agreed, or its digest is wrong. */
  badData(header: Uint8Array, what: 'length' | 'digest'): void;
  /** The stream has closed: nothing comes any more, and no buffer is being filled. */
  closed(reason: string): void;
}

const NO_BYTES = new Uint8Array(0);
const PADDING = new Uint8Array(4);
const NO_PADDING = new Uint8Array(0);
/** Read data is bounded by credit; this bounds it with everything else that is sent. */
const PAUSE_FROM = IscsiLimits.dataInPerSession + IscsiLimits.unsentAnswers;

export class Connection implements StreamHandler, FrameHandler {
  readonly headerLength = BHS_LENGTH;
  readonly stream: ByteStream;
  readonly log: Log;
  /** Where the header of the next PDU to send is made: encode into it, then `send`. */
  readonly header = new Uint8Array(BHS_LENGTH);
  /** The longest data segment that the peer may send now. */
  maxReceiveSegmentLength: number = IscsiLimits.loginDataSegmentLength;
  bytesReceived = 0;
  /** When the bytes that are handled now have come: see Stages.arrival. */
  receivedAt: number | null = null;
  /** Called once, when the stream has closed. */
  whenClosed: () => void = () => {};
  #phase: Phase | null = null;
  readonly #stages: Stages;
  readonly #output: OutputQueue;
  readonly #deframer: Deframer;
  readonly #digest = new Uint8Array(DIGEST_LENGTH);
  #headerDigest = false;
  #dataDigest = false;
  #data: Uint8Array = NO_BYTES;
  #closing = false;
  readonly #whenDrained: Lease = { bytes: NO_BYTES, release: () => this.#resume() };
  #paused = false;

  /** `received`: the receive buffer that all connections share. The caller attaches the connection. */
  constructor(
    stream: ByteStream,
    clock: Clock,
    pool: BufferPool,
    log: Log,
    received: Uint8Array,
    stages: Stages,
  ) {
    this.stream = stream;
    this.log = log;
    this.#stages = stages;
    this.#output = new OutputQueue(stream, clock, pool);
    this.#deframer = new Deframer(this, received);
  }

  /** No further PDU is handled, and none is sent. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Whether the peer is not listened to until it has taken what waits for it. */
  get paused(): boolean {
    return this.#paused;
  }

  get unsentBytes(): number {
    return this.#output.unsentBytes;
  }

  get bytesTaken(): number {
    return this.#output.bytesTaken;
  }

  become(phase: Phase): void {
    this.#phase = phase;
  }

  /** From the next PDU on, both ways. */
  useDigests(header: boolean, data: boolean): void {
    this.#headerDigest = header;
    this.#dataDigest = data;
  }

  /**
   * Sends the PDU whose header is in `header`. `data` is padded here. Long data is not copied: it must stay as
   * it is until `lease`, which the connection takes over, is released.
   */
  send(data: Uint8Array | null, lease: Lease | null): void {
    if (this.#closing) {
      lease?.release();
      return;
    }
    this.#output.put(this.header);
    if (this.#headerDigest) this.#putDigest(checksum(this.header));
    if (data !== null && data.length > 0) this.#sendData(data, lease);
    else lease?.release();
    this.#output.endMessage();
  }

  #sendData(data: Uint8Array, lease: Lease | null): void {
    const length = paddingOf(data.length);
    const padding = length === 0 ? NO_PADDING : PADDING.subarray(0, length);
    const sum = this.#dataDigest ? checksum(padding, checksum(data)) : 0;
    this.#output.lend(data, lease);
    if (padding.length > 0) this.#output.put(padding);
    if (this.#dataDigest) this.#putDigest(sum);
  }

  #putDigest(sum: number): void {
    putDigest(this.#digest, 0, sum);
    this.#output.put(this.#digest);
  }

  /** Releases `mark` when all that was sent so far has been taken by the kernel, or never will be. */
  afterSending(mark: Lease): void {
    this.#output.releaseWhenSent(mark);
  }

  /** Closes at once; what waits is not sent. */
  drop(reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#output.drop();
    this.stream.destroy(reason);
  }

  /** Sends what waits, then closes. */
  finish(): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#output.flush();
    this.#output.drop();
    this.stream.end();
  }

  receiveBuffer(): Uint8Array {
    return this.#deframer.receiveBuffer();
  }

  received(length: number): number {
    this.bytesReceived += length;
    this.receivedAt = this.#stages.arrival();
    if (this.#closing) return 0;
    let pdus = 0;
    try {
      pdus = this.#deframer.received(length);
    } catch (error) {
      this.#boundary(error);
    }
    if (!this.#paused && this.#output.unsentBytes > PAUSE_FROM) this.#pause();
    return pdus;
  }

  /** A broken assertion means that our own state is wrong: it stops the process. Anything else stops here. */
  #boundary(error: unknown): void {
    if (error instanceof AssertionError) throw error;
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.log.error({ remote: this.stream.remoteAddress, error: what }, 'connection dropped: internal error');
    this.drop('internal error');
  }

  closed(reason: string): void {
    this.#closing = true;
    this.#output.drop();
    this.#phase?.closed(reason);
    this.whenClosed();
  }

  #pause(): void {
    this.#paused = true;
    this.stream.pause();
    this.#output.releaseWhenSent(this.#whenDrained);
  }

  #resume(): void {
    this.#paused = false;
    if (!this.#closing) this.stream.resume();
  }

  extensionLength(header: Uint8Array): number {
    return totalAhsLength(header) + (this.#headerDigest ? DIGEST_LENGTH : 0);
  }

  payloadBuffer(header: Uint8Array): Uint8Array | null | false {
    if (this.#headerDigest && !headerMatches(header)) {
      this.log.warn({ remote: this.stream.remoteAddress }, 'connection dropped: header digest');
      this.drop('header digest error');
      return false;
    }
    const length = dataSegmentLength(header);
    if (length > this.maxReceiveSegmentLength) this.#phase?.badData(this.#bare(header), 'length');
    const data = this.#closing ? null : (this.#phase?.beginPdu(this.#bare(header), length) ?? null);
    this.#data = data ?? NO_BYTES;
    return this.#closing ? false : data;
  }

  trailerLength(header: Uint8Array): number {
    const length = dataSegmentLength(header);
    return paddingOf(length) + (this.#dataDigest && length > 0 ? DIGEST_LENGTH : 0);
  }

  frame(header: Uint8Array, trailer: Uint8Array): boolean {
    const digested = this.#dataDigest && dataSegmentLength(header) > 0;
    if (digested && !dataMatches(this.#data, trailer)) this.#phase?.badData(this.#bare(header), 'digest');
    else this.#phase?.endPdu(this.#bare(header));
    this.#data = NO_BYTES;
    return !this.#closing;
  }

  #bare(header: Uint8Array): Uint8Array {
    return this.#headerDigest ? header.subarray(0, header.length - DIGEST_LENGTH) : header;
  }
}
