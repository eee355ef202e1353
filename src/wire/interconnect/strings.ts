/** Strings of the interconnect: a length byte and so many bytes of UTF-8 (docs/interconnect.md). */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Writes `text` at `at` and gives the place behind it. A text over 255 bytes is our own mistake. */
export function putString(bytes: Uint8Array, at: number, text: string): number {
  const encoded = encoder.encode(text);
  if (encoded.length > 255) throw new Error(`a string of ${encoded.length} bytes on the interconnect`);
  bytes[at] = encoded.length;
  bytes.set(encoded, at + 1);
  return at + 1 + encoded.length;
}

/** Reads strings one behind the other, and remembers whether all of them were there. */
export class StringReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #broken = false;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** The next string; '' once something was wrong. */
  next(): string {
    const length = this.#bytes[this.#at];
    if (this.#broken || length === undefined || this.#at + 1 + length > this.#bytes.length) {
      this.#broken = true;
      return '';
    }
    const from = this.#at + 1;
    this.#at = from + length;
    try {
      return decoder.decode(this.#bytes.subarray(from, this.#at));
    } catch {
      // Not UTF-8: the peer's mistake, told to the caller by `intact`.
      this.#broken = true;
      return '';
    }
  }

  get position(): number {
    return this.#at;
  }

  /** True if every string was whole. */
  get intact(): boolean {
    return !this.#broken;
  }

  /** True if every string was whole and they end where the bytes end. */
  get complete(): boolean {
    return !this.#broken && this.#at === this.#bytes.length;
  }
}
