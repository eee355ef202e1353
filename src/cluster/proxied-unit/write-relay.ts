/**
 * The write data of one forwarded command on its way to the owner: passed on in the pieces in which it comes, as far as
 * the owner is ready for it. What comes before that waits here, bounded by what the client may send unasked.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { FrameType, HEADER_LENGTH, putU32 } from '../../wire/interconnect/frame.ts';
import type { Originator } from './originator.ts';

export class WriteRelay {
  /** What COMMAND promises to send without being asked. */
  promised = 0;
  readonly #originator: Originator;
  #length = 0;
  /** Offsets up to which data was passed on, the owner is ready, the client was asked or may send, and data has come. */
  #passedOn = 0;
  #ownerReady = 0;
  #expected = 0;
  #arrived = 0;
  /** Data that has come and not all been passed on, and how much of the first of it has been. */
  readonly #held: Lease[] = [];
  #begun = 0;
  #filling: Lease | null = null;

  constructor(originator: Originator) {
    this.#originator = originator;
  }

  /** Nothing is left of the command before. `unsolicited`: what the client sends without being asked, of `length` bytes in all. */
  begin(promised: number, unsolicited: number, length: number): void {
    this.promised = promised;
    this.#length = length;
    this.#passedOn = 0;
    this.#ownerReady = promised;
    this.#expected = unsolicited;
    this.#arrived = 0;
    if (this.#held.length > 0) this.#held.length = 0;
    this.#begun = 0;
    this.#filling = null;
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
    this.#held.push(lease);
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
    this.#passedOn = first.bytes.length;
    return first;
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
      const { bytes } = first;
      const from = this.#begun;
      const to = Math.min(bytes.length, from + this.#ownerReady - this.#passedOn);
      if (to === from) return;
      const last = to === bytes.length;
      putU32(frames.scratch, HEADER_LENGTH, this.#passedOn);
      const piece = last && from === 0 ? bytes : bytes.subarray(from, to);
      frames.send(FrameType.dataOut, 0, exchange, 4, piece, last ? first : null);
      this.#passedOn += to - from;
      this.#begun = last ? 0 : to;
      if (last) this.#held.shift();
    }
  }

  /** Data that it was asked for, or may send, has not all come. */
  get awaitsClient(): boolean {
    return this.#arrived < this.#expected;
  }

  /** Where the range begins that the client is to be asked for next. */
  get nextOffset(): number {
    return this.#expected;
  }

  /** How long it is, from now on expected, or 0: what the owner is ready for, once all that was asked before is here. */
  expectNext(): number {
    if (this.#ownerReady <= this.#expected || this.awaitsClient) return 0;
    const length = this.#ownerReady - this.#expected;
    this.#expected = this.#ownerReady;
    return length;
  }

  /** Nothing more is passed on. */
  drop(): void {
    if (this.#held.length === 0) return;
    for (const lease of this.#held) this.#originator.frames.releaseWhenSent(lease);
    this.#held.length = 0;
  }
}
