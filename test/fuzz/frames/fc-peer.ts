/** Gamma over Fibre Channel: what is changed are the FC frames that its frames become. */
import type { LinkAddress } from '../../../src/cluster/link/link-address.ts';
import { type FrameHeader, FrameType, HEADER_LENGTH } from '../../../src/wire/interconnect/frame.ts';
import { FcPartner, reseal } from '../../cluster/fc/fc-partner.ts';
import { fieldsIn, type Message } from '../message.ts';
import { type Mutation, mutate } from '../mutation.ts';
import type { Frame } from './frame.ts';
import { LinkJudge } from './judge.ts';
import { gamma, type Heard, type Peer, sealed } from './peer.ts';

/** Offsets in an FCIP frame: RFC 3643 3, FC-FS-3 9. */
const FC_HEADER = 32;
const FC_DATA = 56;
const FC_TRAILER = 8;
const fcFields = fieldsIn(
  'header',
  {
    protocol: [0, 4],
    'protocol again': [4, 4],
    pFlags: [8, 2],
    'pFlags complement': [10, 2],
    'length complement': [14, 2],
    'start of frame': [28, 4],
    R_CTL: [FC_HEADER, 1],
    D_ID: [FC_HEADER + 1, 3],
    S_ID: [FC_HEADER + 5, 3],
    type: [FC_HEADER + 8, 1],
    F_CTL: [FC_HEADER + 9, 3],
    SEQ_ID: [FC_HEADER + 12, 1],
    DF_CTL: [FC_HEADER + 13, 1],
    OX_ID: [FC_HEADER + 16, 2],
    RX_ID: [FC_HEADER + 18, 2],
  },
  { 'frame length': [12, 2], SEQ_CNT: [FC_HEADER + 14, 2], parameter: [FC_HEADER + 20, 4] },
);
/** Those of the information units that carry commands: FCP_CMND, and the context before it. Gamma may see every unit, so the LUN stays. */
const unitFields = fieldsIn(
  'data',
  {
    'word 1': [4, 4],
    'byte 10': [10, 1],
    'byte 11': [11, 1],
    'word 3': [12, 4],
    'word 5': [20, 4],
  },
  { 'word 2': [8, 4], 'word 4': [16, 4], 'word 6': [24, 4], 'word 7': [28, 4] },
);

export class FcPeer implements Peer {
  readonly closed: Promise<void>;
  readonly #judge = new LinkJudge();
  readonly #partner: FcPartner;
  /** An FC frame was changed: which frames come of it is for whoever receives them to say. */
  #touched = false;

  private constructor(partner: FcPartner) {
    this.#partner = partner;
    this.closed = partner.closes().then(() => undefined);
  }

  static async connect(
    address: LinkAddress,
    calls: string,
    watch: (bytes: Uint8Array) => void,
    heard: Heard,
  ): Promise<FcPeer> {
    const partner = await FcPartner.connect(address, { self: gamma, calls });
    partner.onBytes = watch;
    const peer = new FcPeer(partner);
    partner.onFrame = ({ type, exchange }: FrameHeader, parameters, payload) => {
      peer.#judge.heard(type, exchange, parameters);
      heard(type, exchange, parameters.slice(), payload);
    };
    return peer;
  }

  get isInStep(): boolean {
    return !this.#touched;
  }

  get broken(): string | null {
    return this.#judge.broken;
  }

  get overlooked(): string | null {
    return this.#touched ? null : this.#judge.overlooked;
  }

  get generation(): number {
    return this.#partner.channel.generation;
  }

  /** FcPartner takes it from WELCOME itself. */
  set generation(_: number) {}

  async send(frame: Frame, mutation: Mutation): Promise<string | null> {
    // A channel that is closed, or has not been let in yet, sends nothing.
    const early = frame.type !== FrameType.hello && this.generation === 0;
    if (early || this.#partner.closedBy !== null) return null;
    this.#touched ||= mutation.kind !== 'none';
    if (!this.#touched) {
      this.#judge.sent(sealed(frame, this.generation), frame.payload, this.generation);
    }
    let changed: string | null = null;
    this.#partner.mangle = (frames) => {
      if (mutation.kind === 'none' || !('turn' in mutation) || changed !== null) return frames;
      const at = mutation.turn % Math.max(1, frames.length);
      return frames.flatMap((bytes, index) => {
        if (index > at && mutation.kind === 'cut') return [];
        if (index !== at) return [bytes];
        const [what, sent] = changeFc(bytes, mutation);
        changed = what;
        return sent;
      });
    };
    this.#put(frame);
    // What is sent goes out when the turn ends.
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    if (mutation.kind === 'cut') this.destroy();
    return changed;
  }

  #put({ type, flags, exchange, parameters, payload }: Frame): void {
    const { channel } = this.#partner;
    channel.scratch.set(parameters, HEADER_LENGTH);
    try {
      if (type === FrameType.transferReady) channel.sendUrgent(type, exchange, parameters.length);
      else channel.send(type, flags, exchange, parameters.length, payload);
    } catch (error) {
      // After a frame that was changed, this end of the link may hold the exchange for ended.
      if (!(error instanceof Error) || !/is not open/.test(error.message)) throw error;
    }
  }

  destroy(): void {
    this.#partner.channel.destroy('the conversation is over');
  }
}

/** One FCIP frame as the mutation has made it, and what that was. */
function changeFc(bytes: Buffer, mutation: Mutation): readonly [string, Buffer[]] {
  if (mutation.kind === 'drop') return ['an FC frame is left out', []];
  if (mutation.kind === 'repeat' || mutation.kind === 'echo')
    return ['an FC frame comes twice', [bytes, bytes]];
  if (mutation.kind === 'cut') {
    return [
      'an FC frame is cut short',
      [bytes.subarray(0, Math.floor((bytes.length * mutation.thousandths) / 1000))],
    ];
  }
  // A special frame has no FC frame in it.
  if (bytes.length < FC_DATA + FC_TRAILER) return ['a special frame', [bytes]];
  const trailer = bytes.subarray(-FC_TRAILER);
  const message: Message = {
    name: 'FC frame',
    header: new Uint8Array(bytes.subarray(0, FC_DATA)),
    data: new Uint8Array(bytes.subarray(FC_DATA, -FC_TRAILER)),
    fields: [
      ...fcFields,
      ...unitFields.filter(({ at, length }) => at + length <= bytes.length - FC_DATA - FC_TRAILER),
    ],
    tellLength(header, length) {
      const words = (FC_DATA + length + FC_TRAILER) >> 2;
      header[12] = words >> 8;
      header[13] = words;
      header[14] = ~words >> 8;
      header[15] = ~words;
    },
  };
  const changed = mutate(message, mutation) ?? 'nothing';
  const whole = Buffer.concat([message.header, message.data, trailer]);
  const sums = mutation.kind !== 'byte' && whole.length >= FC_DATA + FC_TRAILER;
  return [changed, [sums ? reseal(whole) : whole]];
}
