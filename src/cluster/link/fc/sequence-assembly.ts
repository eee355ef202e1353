/** Puts the FC-2 frames of a sequence together (FC-FS-3 12.11, 18). They come in order and one sequence at a time. */
import { type FcHeader, FrameControl } from '../../../wire/fc/frame-header.ts';
import { HEADER_LENGTH, MAX_PARAMETERS, MAX_PAYLOAD } from '../../../wire/interconnect/frame.ts';

/** An information unit: what the headers of all frames of its sequence say. */
export interface FcUnit {
  readonly routingControl: number;
  /** Null when sending: the addresses that the login gave. */
  readonly destination: number | null;
  readonly source: number | null;
  readonly type: number;
  /** Of the last frame. */
  readonly frameControl: number;
  /** SEQ_CNT of the first frame. */
  readonly sequenceCount: number;
  readonly originatorExchange: number;
  readonly responderExchange: number;
  /** The relative offset of the first byte, where FrameControl.relativeOffset says so. */
  readonly parameter: number;
}

/** What all frames of a sequence have in common. */
const KEPT = ~(
  FrameControl.endSequence |
  FrameControl.lastSequence |
  FrameControl.sequenceInitiative |
  FrameControl.fillBytes
);
/** Bits that have a meaning here: anything else asks for what class 3 or this protocol does not have. */
const KNOWN =
  FrameControl.responder |
  FrameControl.firstSequence |
  FrameControl.lastSequence |
  FrameControl.endSequence |
  FrameControl.sequenceInitiative |
  FrameControl.relativeOffset |
  FrameControl.fillBytes;
/** What a login, or the greeting of a link, is no longer than: all that a stranger may make this system hold. */
const STRANGER_LENGTH = 2112;
const LONGEST = HEADER_LENGTH + MAX_PARAMETERS + MAX_PAYLOAD;

const NO_UNIT: FcUnit = {
  routingControl: 0,
  destination: null,
  source: null,
  type: 0,
  frameControl: 0,
  sequenceCount: 0,
  originatorExchange: 0,
  responderExchange: 0,
  parameter: 0,
};

export class SequenceAssembly {
  #bytes = new Uint8Array(STRANGER_LENGTH);
  #longest = STRANGER_LENGTH;
  #have = 0;
  #frames = 0;
  #open = false;
  #sequence = 0;
  #unit: FcUnit = NO_UNIT;

  /** Of the sequence that was assembled last. */
  get unit(): FcUnit {
    return this.#unit;
  }

  /** From now on a unit may be as long as a frame of the interconnect. */
  trust(): void {
    this.#longest = LONGEST;
  }

  /** Where a frame's data goes, or what is broken about the frame. */
  place(first: boolean, header: FcHeader, length: number): Uint8Array | string {
    if (header.optionalHeaders !== 0) return 'an optional header';
    if ((header.frameControl & ~KNOWN) !== 0) return `F_CTL ${header.frameControl.toString(16)}`;
    if (first === this.#open) return first ? 'a sequence within another' : 'a frame of no sequence';
    if (first) this.#begin(header);
    else if (!this.#continues(header)) return 'a frame out of its sequence';
    const last = (header.frameControl & FrameControl.endSequence) !== 0;
    const fill = header.frameControl & FrameControl.fillBytes;
    if (fill > length || (fill > 0 && !last)) return 'fill bytes out of place';
    if (length === 0) return 'a frame without data';
    return this.#room(length);
  }

  /** The last frame is whole: the unit's bytes, without the fill bytes. */
  end(frameControl: number): Uint8Array {
    this.#open = false;
    this.#unit = { ...this.#unit, frameControl };
    return this.#bytes.subarray(0, this.#have - (frameControl & FrameControl.fillBytes));
  }

  #begin(header: FcHeader): void {
    this.#open = true;
    this.#have = 0;
    this.#frames = 1;
    this.#sequence = header.sequence;
    this.#unit = { ...header };
  }

  #continues(header: FcHeader): boolean {
    const unit = this.#unit;
    const offset = (unit.frameControl & FrameControl.relativeOffset) === 0 ? 0 : this.#have;
    return (
      header.sequence === this.#sequence &&
      header.sequenceCount === ((unit.sequenceCount + this.#frames++) & 0xffff) &&
      header.routingControl === unit.routingControl &&
      header.type === unit.type &&
      header.originatorExchange === unit.originatorExchange &&
      header.responderExchange === unit.responderExchange &&
      header.destination === unit.destination &&
      header.source === unit.source &&
      (header.frameControl & KEPT) === (unit.frameControl & KEPT) &&
      header.parameter === unit.parameter + offset
    );
  }

  #room(length: number): Uint8Array | string {
    const end = this.#have + length;
    if (end > this.#longest) return `a sequence of more than ${this.#longest} bytes`;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(LONGEST, Math.max(end, this.#bytes.length * 4)));
      larger.set(this.#bytes.subarray(0, this.#have));
      this.#bytes = larger;
    }
    const place = this.#bytes.subarray(this.#have, end);
    this.#have = end;
    return place;
  }
}
