/** Memory in small pieces: a view of a chunk costs a fortieth of a typed array with memory of its own, and a seed takes millions. */

const CHUNK_LENGTH = 65_536;

const NOTHING = new Uint8Array(0);

let chunk = new ArrayBuffer(CHUNK_LENGTH);
let used = 0;

/** Zeroes. A chunk goes when nobody holds a piece of it. */
export function newBytes(length: number): Uint8Array {
  if (length === 0) return NOTHING;
  if (length > CHUNK_LENGTH / 4) return new Uint8Array(length);
  if (used + length > CHUNK_LENGTH) {
    chunk = new ArrayBuffer(CHUNK_LENGTH);
    used = 0;
  }
  const bytes = new Uint8Array(chunk, used, length);
  used += length;
  return bytes;
}
