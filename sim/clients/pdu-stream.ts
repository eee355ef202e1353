/** PDUs over a byte stream, from the initiator's side: no digests, whole data segments. */
import type { ByteStream, StreamHandler } from '../../src/env/network.ts';
import { Deframer, type FrameHandler } from '../../src/wire/framing/deframer.ts';
import { BHS_LENGTH, dataSegmentLength, paddingOf, totalAhsLength } from '../../src/wire/iscsi/bhs.ts';
import { newBytes } from '../world/bytes.ts';

export interface PduReceiver {
  pdu(header: Uint8Array, data: Uint8Array): void;
  closed(reason: string): void;
}

const NO_BYTES = new Uint8Array(0);
const received = new Uint8Array(65_536);

export class PduStream implements StreamHandler, FrameHandler {
  readonly headerLength = BHS_LENGTH;
  readonly #stream: ByteStream;
  readonly #receiver: PduReceiver;
  readonly #deframer: Deframer;
  #data: Uint8Array = NO_BYTES;
  #left = false;

  constructor(stream: ByteStream, receiver: PduReceiver) {
    this.#stream = stream;
    this.#receiver = receiver;
    this.#deframer = new Deframer(this, received);
    stream.attach(this);
  }

  send(header: Uint8Array, data: Uint8Array): void {
    const pdu = newBytes(BHS_LENGTH + data.length + paddingOf(data.length));
    pdu.set(header);
    pdu.set(data, BHS_LENGTH);
    this.#stream.write([pdu], () => {});
  }

  drop(): void {
    this.#left = true;
    this.#stream.destroy('dropped by the client');
  }

  receiveBuffer(): Uint8Array {
    return this.#deframer.receiveBuffer();
  }

  received(length: number): number {
    return this.#deframer.received(length);
  }

  closed(reason: string): void {
    this.#receiver.closed(reason);
  }

  extensionLength(header: Uint8Array): number {
    return totalAhsLength(header);
  }

  payloadBuffer(header: Uint8Array): Uint8Array | null | false {
    if (this.#left) return false;
    const length = dataSegmentLength(header);
    this.#data = length === 0 ? NO_BYTES : newBytes(length);
    return length === 0 ? null : this.#data;
  }

  trailerLength(header: Uint8Array): number {
    return paddingOf(dataSegmentLength(header));
  }

  frame(header: Uint8Array): boolean {
    this.#receiver.pdu(header, this.#data);
    this.#data = NO_BYTES;
    return !this.#left;
  }
}
