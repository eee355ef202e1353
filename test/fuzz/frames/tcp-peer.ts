/** Gamma over TCP: frames are changed as they are. */
import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import { crc32c } from '../../../src/wire/crc32c.ts';
import { HEADER_LENGTH, putU32, u16 } from '../../../src/wire/interconnect/frame.ts';
import { RawPartner } from '../../cluster/support/raw-partner.ts';
import { common, fieldsIn, type Message } from '../message.ts';
import { type Mutation, mutate } from '../mutation.ts';
import type { Frame } from './frame.ts';
import { LinkJudge } from './judge.ts';
import { type Heard, type Peer, sealed } from './peer.ts';

/** Fields of the header of every frame. */
const headerFields = fieldsIn(
  'header',
  { type: [0, 1], flags: [1, 1], generation: [8, 4], exchange: [12, 4], 'payload checksum': [16, 4] },
  { 'parameters length': [2, 2], 'payload length': [4, 4] },
).map(common);

export class TcpPeer implements Peer {
  readonly #judge = new LinkJudge();
  readonly #partner: RawPartner;
  #damaged: string | null = null;

  private constructor(partner: RawPartner) {
    this.#partner = partner;
  }

  static async connect(
    address: LinkAddress,
    watch: (bytes: Uint8Array) => void,
    heard: Heard,
  ): Promise<TcpPeer> {
    const partner = await RawPartner.connect(address);
    partner.onBytes = watch;
    const peer = new TcpPeer(partner);
    partner.onFrame = ({ header, parameters, payload }) => {
      peer.#judge.heard(header.type, header.exchange, parameters);
      heard(header.type, header.exchange, parameters, payload);
    };
    return peer;
  }

  get isInStep(): boolean {
    return this.#damaged === null && this.#judge.isInStep;
  }

  get broken(): string | null {
    return this.#damaged ?? this.#judge.broken;
  }

  get overlooked(): string | null {
    return this.#judge.overlooked;
  }

  get generation(): number {
    return this.#partner.generation;
  }

  set generation(generation: number) {
    this.#partner.generation = generation;
  }

  get closed(): Promise<void> {
    return this.#partner.closed;
  }

  send(frame: Frame, mutation: Mutation): Promise<string | null> {
    const message = this.#message(frame);
    const right = message.header.slice();
    const changed = mutate(message, mutation);
    // A byte that is wrong by itself is for the checksum to find.
    if (mutation.kind !== 'byte') seal(message);
    else if (Buffer.compare(message.header, right) !== 0) {
      this.#damaged = `a wrong checksum of ${frame.name}`;
    }
    const bytes = Buffer.concat([message.header, message.data]);
    if (mutation.kind === 'cut') {
      this.#partner.write(bytes.subarray(0, Math.floor((bytes.length * mutation.thousandths) / 1000)));
      this.destroy();
      return Promise.resolve(changed);
    }
    for (let times = mutation.kind === 'echo' ? 2 : 1; times > 0; times -= 1) {
      if (this.#damaged === null) this.#judge.sent(message.header, message.data, this.generation);
      this.#partner.write(bytes);
    }
    return Promise.resolve(changed);
  }

  destroy(): void {
    this.#partner.destroy();
  }

  #message(frame: Frame): Message {
    const { name, payload, fields } = frame;
    const header = sealed(frame, this.generation);
    const shifted = fields.map((field) =>
      field.part === 'data' ? field : { ...field, at: field.at + HEADER_LENGTH },
    );
    return {
      name,
      header,
      data: payload,
      fields: [...headerFields, ...shifted],
      tellLength: (at, length) => putU32(at, 4, length),
    };
  }
}

/** Sums over as many parameters as the header says there are. */
function seal({ header, data }: Message): void {
  const all = Buffer.concat([header, data]);
  const parameters = all.subarray(HEADER_LENGTH, HEADER_LENGTH + u16(header, 2));
  putU32(header, 20, crc32c(parameters, crc32c(header.subarray(0, 20))));
}
