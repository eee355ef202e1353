import { crc32 as native } from '@node-rs/crc32';
import { crc32 } from '../wire/crc32.ts';

/** From this length on the native code makes up for the cost of calling it. */
const NATIVE_FROM = 96;

/** CRC-32 by whichever way is faster for the length. The same values as wire/crc32.ts. */
export function checksum32(bytes: Uint8Array, seed = 0): number {
  return bytes.length < NATIVE_FROM ? crc32(bytes, seed) : native(bytes, seed);
}
