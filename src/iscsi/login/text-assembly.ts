/** Texts that do not fit one PDU: put together from requests, taken apart for answers (the C bit, RFC 7143 6.2). */
import { IscsiLimits } from '../../limits.ts';

export class TextInput {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Keeps a piece that is not the last (copied). False where the whole would be too long. */
  add(piece: Uint8Array): boolean {
    this.#length += piece.length;
    if (this.#length > IscsiLimits.maxTextBytes) return false;
    this.#pieces.push(piece.slice());
    return true;
  }

  /** Everything so far; the next piece begins a new text. */
  take(): Uint8Array {
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    this.#pieces = [];
    this.#length = 0;
    return whole;
  }
}

export class TextOutput {
  #rest = new Uint8Array(0);

  /** Something is still to be sent. */
  get pending(): boolean {
    return this.#rest.length > 0;
  }

  set(text: Uint8Array): void {
    this.#rest = text.slice();
  }

  /** The next piece, at most `limit` bytes. */
  take(limit: number): Uint8Array {
    const piece = this.#rest.subarray(0, limit);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }
}
