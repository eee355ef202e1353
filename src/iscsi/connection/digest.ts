/** Header and data digests: CRC32C, least significant byte first (RFC 7143 13.1 and Appendix A.4). */
import { checksum } from '../../sys/crc32c.ts';

export const DIGEST_LENGTH = 4;

export function putDigest(into: Uint8Array, at: number, sum: number): void {
  into[at] = sum;
  into[at + 1] = sum >>> 8;
  into[at + 2] = sum >>> 16;
  into[at + 3] = sum >>> 24;
}

/** Whether the last four bytes are the digest of all bytes before them. */
export function headerMatches(headerAndDigest: Uint8Array): boolean {
  const end = headerAndDigest.length - DIGEST_LENGTH;
  return digestAt(headerAndDigest, end) === checksum(headerAndDigest.subarray(0, end));
}

/** `trailer`: padding, which the digest covers, and the digest. */
export function dataMatches(data: Uint8Array, trailer: Uint8Array): boolean {
  const end = trailer.length - DIGEST_LENGTH;
  return digestAt(trailer, end) === checksum(trailer.subarray(0, end), checksum(data));
}

function digestAt(bytes: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bytes.subarray(at, at + DIGEST_LENGTH);
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
}
