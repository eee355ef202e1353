/**
 * The write data of one forwarded command on its way to the owner: passed on in the pieces in which it comes, as far as
 * the owner is ready for it. What comes before that waits here, bounded by what the client may send unasked.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { FrameType, HEADER_LENGTH, putU32 } from '../../wire/interconnect/frame.ts';
import type { Originator } from './originator.ts';

/** Data that has come and not all been passed on: the rest of the lease from `at`. */
interface HeldData {
  readonly lease: Lease;
  at: number;
}

export class WriteRelay {
  /** What COMMAND promises to send without being asked. */
  readonly promised: number;
  readonly #originator: Originator;
  readonly #length: number;
  /** Offsets up to which data was passed on, the owner is ready, the client was asked or may send, and data has come. */
  #passedOn = 0;
  #ownerReady: number;
  #expected: number;
  #arrived = 0;
  readonly #held: HeldData[] = [];
  #filling: Lease | null = null;

  /** `unsolicited`: what the client sends without being asked, of `length` bytes in all. */
  constructor(originator: Originator, promised: number, unsolicited: number, length: number) {
    this.#originator = originator;
    this.promised = promised;
    this.#ownerReady = promised;
    this.#expected = unsolicited;
    this.#length = length;
  }

  buffer(length: number): Uint8Array {
    this.#filling = this.#originator.pool.take(length);
    return this.#filling.bytes;
  }

  /** The buffer is full. `wanted`: false if the command has ended meanwhile. */
  filled(wanted: boolean): void {
    const lease = this.#filling;
    if (lease === null) throw new Error('data-out arrived that no buffer was taken for');
    this.#filling = null;
    if (!wanted || lease.bytes.length === 0) return lease.release();
    this.#arrived += lease.bytes.length;
    this.#held.push({ lease, at: 0 });
  }

  /** The buffer will not be filled. */
  lost(): void {
    this.#filling?.release();
    this.#filling = null;
  }

  /** Data that travels with COMMAND. */
  takeFirst(): Lease | null {
    const first = this.promised > 0 ? this.#held.shift() : undefined;
    if (first === undefined) return null;
    this.#passedOn = first.lease.bytes.length;
    return first.lease;
  }

  /** TRANSFER_READY: what is wrong with it, or null. */
  ownerReady(offset: number, length: number): string | null {
    if (offset !== this.#ownerReady || length === 0 || offset + length > this.#length) {
      return `ready for ${length} bytes at ${offset}`;
    }
    this.#ownerReady = offset + length;
    return null;
  }

  /** Sends what the owner is ready for. */
  passOn(exchange: number): void {
    const { frames } = this.#originator;
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const rest = first.lease.bytes.length - first.at;
      const length = Math.min(rest, this.#ownerReady - this.#passedOn);
      if (length === 0) return;
      const whole = length === rest;
      const piece = first.lease.bytes.subarray(first.at, first.at + length);
      putU32(frames.scratch, HEADER_LENGTH, this.#passedOn);
      frames.send(FrameType.dataOut, 0, exchange, 4, piece, whole ? first.lease : null);
      this.#passedOn += length;
      first.at += length;
      if (whole) this.#held.shift();
    }
  }

  /** Data that it was asked for, or may send, has not all come. */
  get awaitsClient(): boolean {
    return this.#arrived < this.#expected;
  }

  /** The range to ask the client for now: what the owner is ready for, once all that was asked before is here. */
  nextRange(): { readonly offset: number; readonly length: number } | null {
    if (this.#ownerReady <= this.#expected || this.awaitsClient) return null;
    const offset = this.#expected;
    this.#expected = this.#ownerReady;
    return { offset, length: this.#ownerReady - offset };
  }

  /** Nothing more is passed on. */
  drop(): void {
    for (const { lease } of this.#held) this.#originator.frames.releaseWhenSent(lease);
    this.#held.length = 0;
  }
}
