/**
 * Cuts a byte stream into frames: a fixed header, an extension of it, a payload, a trailer. It has no I/O of its
 * own: it says where the next bytes are to be put, and is told how many came.
 *
 * Invariant: between two calls every byte received so far is either part of a frame already delivered, in the
 * header buffer, in the payload buffer that the handler gave, or in the trailer buffer. The receive buffer holds
 * nothing, so all deframers of a process can share one.
 */

export interface FrameHandler {
  /** Bytes of the fixed header. */
  readonly headerLength: number;
  /** The fixed header is here: the number of bytes that extend it (0 .. MAX_EXTENSION), or -1 to stop. */
  extensionLength(header: Uint8Array): number;
  /**
   * Header and extension are here: where the payload goes (exactly as long as the payload, or null for none);
   * `false` to stop. `trailerLength` is asked next. The buffer is borrowed until `frame`, or until the stream
   * has closed.
   */
  payloadBuffer(header: Uint8Array): Uint8Array | null | false;
  /** Bytes behind the payload (padding, digest): 0 .. MAX_TRAILER. */
  trailerLength(header: Uint8Array): number;
  /** A whole frame is here. Header and trailer are borrowed for the call. False to stop. */
  frame(header: Uint8Array, trailer: Uint8Array): boolean;
}

export const MAX_EXTENSION = 1024;
export const MAX_TRAILER = 16;
/** From this many missing bytes on, a payload is received in place rather than copied there. */
const DIRECT_FROM = 16384;
/**
 * Behind a payload that long another one is likely: then no more is received with the header than this, so that the
 * payload does not come into the shared buffer, from where it has to be copied.
 */
const WITH_HEADER = 2048;

const Part = { header: 0, extension: 1, payload: 2, trailer: 3, stopped: 4 } as const;
type Part = (typeof Part)[keyof typeof Part];

/** A loop copies so many bytes sooner than a view of them is made. */
const FEW = 64;

const NOTHING = new Uint8Array(0);

export class Deframer {
  readonly #handler: FrameHandler;
  readonly #shared: Uint8Array;
  #header: Uint8Array;
  /** As much of it as the last header had that did not fill it: headers of one length are many. */
  #headerView: Uint8Array = NOTHING;
  readonly #trailer = new Uint8Array(MAX_TRAILER);
  #payload: Uint8Array = NOTHING;
  #part: Part = Part.header;
  /** Bytes of the current part that are here, and that it has. */
  #have = 0;
  #want: number;
  #headerLength: number;
  #trailerLength = 0;
  #direct = false;
  #lastWasLong = false;
  /** Frames that have become whole by the bytes that came last. */
  #whole = 0;

  /** `shared`: receive buffer, which may serve any number of deframers. */
  constructor(handler: FrameHandler, shared: Uint8Array) {
    this.#handler = handler;
    this.#shared = shared;
    this.#headerLength = handler.headerLength;
    this.#want = handler.headerLength;
    this.#header = new Uint8Array(handler.headerLength);
  }

  /** True while a payload buffer of the handler's is being filled. */
  get inPayload(): boolean {
    return this.#part === Part.payload;
  }

  /** Where the next bytes are to be received. */
  receiveBuffer(): Uint8Array {
    this.#direct = this.#part === Part.payload && this.#want - this.#have >= DIRECT_FROM;
    if (this.#direct) return this.#payload.subarray(this.#have);
    return this.#lastWasLong && this.#part === Part.header
      ? this.#shared.subarray(0, WITH_HEADER)
      : this.#shared;
  }

  /** `length` bytes have come into the last receive buffer: how many frames they have made whole. */
  received(length: number): number {
    this.#whole = 0;
    if (this.#direct) {
      this.#direct = false;
      this.#have += length;
      if (this.#have === this.#want) this.#partComplete();
      return this.#whole;
    }
    let at = 0;
    while (at < length && this.#part !== Part.stopped) {
      const take = Math.min(length - at, this.#want - this.#have);
      this.#copy(at, take);
      this.#have += take;
      at += take;
      if (this.#have === this.#want) this.#partComplete();
    }
    return this.#whole;
  }

  #copy(from: number, length: number): void {
    const shared = this.#shared;
    const current = this.#current();
    const have = this.#have;
    if (length > FEW) current.set(shared.subarray(from, from + length), have);
    else for (let at = 0; at < length; at += 1) current[have + at] = shared[from + at] ?? 0;
  }

  #current(): Uint8Array {
    if (this.#part === Part.payload) return this.#payload;
    return this.#part === Part.trailer ? this.#trailer : this.#header;
  }

  /** Runs on until a part needs bytes that are not here. */
  #partComplete(): void {
    do {
      switch (this.#part) {
        case Part.header:
          this.#becomeExtension(this.#handler.extensionLength(this.#header));
          break;
        case Part.extension:
          this.#becomePayload(this.#handler.payloadBuffer(this.#wholeHeader()));
          break;
        case Part.payload:
          this.#become(Part.trailer, this.#trailerLength);
          break;
        case Part.trailer:
          this.#whole += 1;
          this.#becomeHeader(this.#handler.frame(this.#wholeHeader(), this.#wholeTrailer()));
          break;
        case Part.stopped:
          return;
        default:
          this.#part satisfies never;
      }
    } while (this.#have === this.#want);
  }

  #wholeHeader(): Uint8Array {
    if (this.#header.length === this.#headerLength) return this.#header;
    if (this.#headerView.length !== this.#headerLength)
      this.#headerView = this.#header.subarray(0, this.#headerLength);
    return this.#headerView;
  }

  #wholeTrailer(): Uint8Array {
    return this.#trailerLength === 0 ? NOTHING : this.#trailer.subarray(0, this.#trailerLength);
  }

  #become(part: Part, want: number): void {
    this.#part = part;
    this.#have = 0;
    this.#want = want;
  }

  #becomeHeader(goOn: boolean): void {
    this.#payload = NOTHING;
    this.#headerLength = this.#handler.headerLength;
    if (goOn) this.#become(Part.header, this.#headerLength);
    else this.#becomeStopped();
  }

  #becomeExtension(length: number): void {
    if (length < 0) return this.#becomeStopped();
    if (length > MAX_EXTENSION) throw new Error(`a header extension of ${length} bytes`);
    const fixed = this.#headerLength;
    this.#headerLength = fixed + length;
    if (this.#header.length < this.#headerLength) {
      const larger = new Uint8Array(this.#headerLength);
      larger.set(this.#header);
      this.#header = larger;
      this.#headerView = NOTHING;
    }
    this.#part = Part.extension;
    this.#have = fixed;
    this.#want = this.#headerLength;
  }

  #becomePayload(buffer: Uint8Array | null | false): void {
    if (buffer === false) return this.#becomeStopped();
    this.#trailerLength = this.#handler.trailerLength(this.#wholeHeader());
    if (this.#trailerLength > MAX_TRAILER) throw new Error(`a trailer of ${this.#trailerLength} bytes`);
    this.#payload = buffer ?? NOTHING;
    this.#lastWasLong = this.#payload.length >= DIRECT_FROM;
    this.#become(Part.payload, this.#payload.length);
  }

  #becomeStopped(): void {
    this.#payload = NOTHING;
    this.#become(Part.stopped, 1);
  }
}
