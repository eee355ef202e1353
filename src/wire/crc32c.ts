/** CRC32C (RFC 3720 12.1, RFC 7143 13.1; RFC 3720 B.4 has examples), sixteen bytes a step. */

/** The polynomial 1EDC6F41h, bits reversed. */
const POLYNOMIAL = 0x82f63b78;
const STEP = 16;

/** tables[256 * n + b]: what byte b contributes when n bytes follow it in the step. */
const tables = new Int32Array(256 * STEP);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  tables[byte] = crc;
}
for (let at = 256; at < tables.length; at++) {
  const before = entry(at - 256);
  tables[at] = (before >>> 8) ^ entry(before & 0xff);
}

function entry(at: number): number {
  return tables[at] ?? 0;
}

/**
 * The checksum of `bytes` from `from` to before `to` as an unsigned 32-bit number. `seed`: the checksum of the bytes before these, so that
 * crc32c(b, crc32c(a)) is the checksum of a and b together. Meant for headers: see sys/crc32c.ts for data.
 */
export function crc32c(bytes: Uint8Array, seed = 0, from = 0, to = bytes.length): number {
  return signedCrc32c(bytes, seed, from, to) >>> 0;
}

/** The same 32 bits as a signed number, which takes no object where it is passed on. */
export function signedCrc32c(bytes: Uint8Array, seed: number, from: number, to: number): number {
  let crc = ~seed;
  let at = from;
  for (const end = to - STEP; at <= end; at += STEP) crc = step(bytes, at, crc);
  for (; at < to; at++) crc = (crc >>> 8) ^ entry((crc ^ byteAt(bytes, at)) & 0xff);
  return ~crc;
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function step(bytes: Uint8Array, at: number, crc: number): number {
  return (
    entry(0xf00 | (byteAt(bytes, at) ^ (crc & 0xff))) ^
    entry(0xe00 | (byteAt(bytes, at + 1) ^ ((crc >>> 8) & 0xff))) ^
    entry(0xd00 | (byteAt(bytes, at + 2) ^ ((crc >>> 16) & 0xff))) ^
    entry(0xc00 | (byteAt(bytes, at + 3) ^ (crc >>> 24))) ^
    entry(0xb00 | byteAt(bytes, at + 4)) ^
    entry(0xa00 | byteAt(bytes, at + 5)) ^
    entry(0x900 | byteAt(bytes, at + 6)) ^
    entry(0x800 | byteAt(bytes, at + 7)) ^
    entry(0x700 | byteAt(bytes, at + 8)) ^
    entry(0x600 | byteAt(bytes, at + 9)) ^
    entry(0x500 | byteAt(bytes, at + 10)) ^
    entry(0x400 | byteAt(bytes, at + 11)) ^
    entry(0x300 | byteAt(bytes, at + 12)) ^
    entry(0x200 | byteAt(bytes, at + 13)) ^
    entry(0x100 | byteAt(bytes, at + 14)) ^
    entry(byteAt(bytes, at + 15))
  );
}
