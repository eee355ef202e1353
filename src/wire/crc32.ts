/** CRC-32 (IEEE 802.3 3.2.9), which Fibre Channel frames carry too (FC-FS-3 11.4.7). */

/** The polynomial 04C11DB7h, bits reversed. */
const POLYNOMIAL = 0xedb88320;

const table = new Int32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  table[byte] = crc;
}

/**
 * The checksum of `bytes` as an unsigned 32-bit number. `seed`: the checksum of the bytes before these, so that
 * crc32(b, crc32(a)) is the checksum of a and b together. Meant for headers: see sys/crc32.ts for data.
 */
export function crc32(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
