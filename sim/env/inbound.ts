/** The bytes on their way to one end of a connection: copied in as they are sent, and out as they are read. */

const FIRST_LENGTH = 16_384;
/** A loop copies so many bytes sooner than a view of them is made. */
const FEW = 64;
const NOTHING = new Uint8Array(0);

export class Inbound {
  #bytes = NOTHING;
  #from = 0;
  #to = 0;

  push(chunk: Uint8Array): void {
    if (this.#to + chunk.length > this.#bytes.length) this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#to);
    this.#to += chunk.length;
  }

  /** The oldest bytes, to the start of `into`. */
  read(into: Uint8Array, length: number): void {
    const bytes = this.#bytes;
    const from = this.#from;
    if (length > FEW) into.set(bytes.subarray(from, from + length));
    else for (let at = 0; at < length; at += 1) into[at] = bytes[from + at] ?? 0;
    this.dropFirst(length);
  }

  dropFirst(length: number): void {
    this.#from += length;
    if (this.#from === this.#to) this.#from = this.#to = 0;
  }

  dropLast(length: number): void {
    this.#to -= length;
  }

  #makeRoom(length: number): void {
    const kept = this.#to - this.#from;
    if (2 * (kept + length) <= this.#bytes.length) this.#bytes.copyWithin(0, this.#from, this.#to);
    else {
      const larger = new Uint8Array(Math.max(FIRST_LENGTH, 2 ** Math.ceil(Math.log2(2 * (kept + length)))));
      larger.set(this.#bytes.subarray(this.#from, this.#to));
      this.#bytes = larger;
    }
    this.#from = 0;
    this.#to = kept;
  }
}
