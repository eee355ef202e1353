/**
 * Big-endian fields of CDBs and parameter data. Plain byte arithmetic: a DataView for each CDB would cost more than
 * everything that is read through it. A field behind the end of the bytes reads as zero: callers check lengths.
 */

export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function u24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 16) | u16(bytes, at + 1);
}

export function u32(bytes: Uint8Array, at: number): number {
  return ((u16(bytes, at) << 16) | u16(bytes, at + 2)) >>> 0;
}

/** Of the high word, what still makes an exact number: 2^53 = 2^21 x 2^32. */
const HIGH_WORD_END = 0x20_0000;
const WORD = 0x1_0000_0000;

/** Eight bytes as a number; Infinity from 2^53 on, so that every comparison with a capacity finds it too large. */
export function u64(bytes: Uint8Array, at: number): number {
  const high = u32(bytes, at);
  if (high >= HIGH_WORD_END) return Number.POSITIVE_INFINITY;
  return high * WORD + u32(bytes, at + 4);
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function putU24(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 16;
  putU16(bytes, at + 1, value);
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  putU16(bytes, at, value >>> 16);
  putU16(bytes, at + 2, value);
}

/** `value`: a whole number from 0 to 2^53 - 1. */
export function putU64(bytes: Uint8Array, at: number, value: number): void {
  putU32(bytes, at, Math.floor(value / WORD));
  putU32(bytes, at + 4, value % WORD);
}

/** Printable ASCII into a field of `length` bytes, left-aligned, padded with spaces (SPC-4 4.3.1). */
export function putAscii(bytes: Uint8Array, at: number, length: number, text: string): void {
  for (let index = 0; index < length; index += 1) {
    bytes[at + index] = index < text.length ? text.charCodeAt(index) : 0x20;
  }
}
