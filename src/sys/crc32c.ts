import { crc32c as native } from '@node-rs/crc32';
import { crc32c } from '../wire/crc32c.ts';

/** From this length on the native code makes up for the cost of calling it. */
const NATIVE_FROM = 192;

/** CRC32C by whichever way is faster for the length. The same values as wire/crc32c.ts. */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return bytes.length < NATIVE_FROM ? crc32c(bytes, seed) : native(bytes, seed);
}
