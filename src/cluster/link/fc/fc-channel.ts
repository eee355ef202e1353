/**
 * The frames of a link as Fibre Channel (docs/fibre-channel.md): commands, their data and their status as FCP information
 * units, the rest in a vendor specific type, over FCIP. The same interface as FrameStream.
 */
import type { BufferPool, Lease } from '../../../buffers/buffer-pool.ts';
import type { Clock } from '../../../env/clock.ts';
import type { ByteStream } from '../../../env/network.ts';
import type { Stages } from '../../../latency/stages.ts';
import type { SpecialFrame } from '../../../wire/fc/special-frame.ts';
import {
  emptyHeader,
  type FrameType,
  HEADER_LENGTH,
  MAX_PARAMETERS,
} from '../../../wire/interconnect/frame.ts';
import type { FrameChannel, FrameReceiver } from '../frame-channel.ts';
import { FcExchanges } from './fc-exchanges.ts';
import { FcLogin } from './fc-login.ts';
import { FcPort, type FcPortHandler } from './fc-port.ts';
import type { FcUnit } from './sequence-assembly.ts';
import { UnitReceiver } from './unit-receiver.ts';
import { UnitSender } from './unit-sender.ts';
import type { FcNames } from './world-wide-names.ts';

export interface FcIdentity {
  readonly names: FcNames;
  /** Null on the accepting side. */
  readonly partner: FcNames | null;
  /** 8 random bytes. */
  readonly nonce: Uint8Array;
}

const NO_BYTES = new Uint8Array(0);

export class FcChannel implements FrameChannel, FcPortHandler {
  readonly scratch = new Uint8Array(HEADER_LENGTH + MAX_PARAMETERS);
  /** Every FC-2 frame has a CRC of its own: payloads need no other. */
  checksums = false;
  framesSent = 0;
  readonly #port: FcPort;
  readonly #login: FcLogin;
  readonly #sender: UnitSender;
  readonly #units: UnitReceiver;
  readonly #header = emptyHeader();
  /** What is to go out when the login is over: a greeting. */
  readonly #held: (() => void)[] = [];
  #open = false;

  constructor(
    stream: ByteStream,
    clock: Clock,
    pool: BufferPool,
    shared: Uint8Array,
    receiver: FrameReceiver,
    identity: FcIdentity,
    stages: Stages,
  ) {
    const own = new FcExchanges();
    const served = new FcExchanges();
    this.#port = new FcPort(stream, clock, pool, shared, this, stages);
    this.#sender = new UnitSender(this.#port, own, served);
    this.#units = new UnitReceiver(own, served, receiver);
    this.#login = new FcLogin({ port: this.#port, ...identity, open: () => this.#becomeOpen() });
  }

  get generation(): number {
    return this.#units.generation;
  }

  set generation(generation: number) {
    this.#units.generation = generation;
  }

  get bytesReceived(): number {
    return this.#port.bytesReceived;
  }

  get receivedAt(): number | null {
    return this.#port.receivedAt;
  }

  get bytesSent(): number {
    return this.#port.bytesSent;
  }

  get remoteAddress(): string {
    return this.#port.remoteAddress;
  }

  /** The greeting is over with this, so that the partner is no stranger any more. */
  become(receiver: FrameReceiver): void {
    this.#port.assembly.trust();
    this.#units.receiver = receiver;
  }

  send(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    payload: Uint8Array = NO_BYTES,
    lease: Lease | null = null,
  ): void {
    if (!this.#open) return this.#hold(type, flags, exchange, parametersLength, payload);
    this.#setHeader(type, flags, exchange, parametersLength, payload.length);
    this.#sender.send(this.#header, this.scratch, payload);
    // Its bytes have been copied into frames.
    lease?.release();
  }

  sendUrgent(type: FrameType, exchange: number, parametersLength: number): void {
    this.#setHeader(type, 0, exchange, parametersLength, 0);
    this.#sender.sendUrgent(this.#header, this.scratch);
  }

  releaseWhenSent(lease: Lease): void {
    lease.release();
  }

  destroy(reason: string): void {
    this.#port.destroy(reason);
  }

  end(): void {
    this.#port.end();
  }

  specialFrame(frame: SpecialFrame): string | null {
    return this.#login.specialFrame(frame);
  }

  unit(unit: FcUnit, bytes: Uint8Array): string | null {
    if (!this.#open) return this.#login.unit(unit, bytes);
    const { localId, remoteId } = this.#port;
    if (unit.destination !== localId || unit.source !== remoteId) return 'a frame between other ports';
    return this.#units.unit(unit, bytes);
  }

  drained(): string | null {
    return this.#units.deliverData();
  }

  closed(reason: string): void {
    this.#units.receiver.closed(reason);
  }

  #becomeOpen(): void {
    this.#open = true;
    for (const send of this.#held.splice(0)) send();
  }

  #hold(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    payload: Uint8Array,
  ): void {
    if (payload.length > 0) throw new Error('data was to be sent before the login');
    const parameters = this.scratch.slice(HEADER_LENGTH, HEADER_LENGTH + parametersLength);
    this.#held.push(() => {
      this.scratch.set(parameters, HEADER_LENGTH);
      this.send(type, flags, exchange, parametersLength);
    });
  }

  #setHeader(
    type: FrameType,
    flags: number,
    exchange: number,
    parametersLength: number,
    payloadLength: number,
  ): void {
    const header = this.#header;
    header.type = type;
    header.flags = flags;
    header.exchange = exchange;
    header.generation = this.generation;
    header.parametersLength = parametersLength;
    header.payloadLength = payloadLength;
    this.framesSent++;
  }
}
