/** What a block that the checker wrote says of itself: unit, block, version and writer, over a checksum of all of it. */
import { crc32c } from '../../src/wire/crc32c.ts';

export const BLOCK_LENGTH = 512;
const MAGIC = 0x58_50_43_4b;
const SUM_AT = BLOCK_LENGTH - 4;
const FILL_AT = 20;

export interface Stamp {
  readonly unit: number;
  readonly block: number;
  readonly version: number;
  readonly writer: number;
}

/** 'torn': it begins as one of ours and is not whole. 'foreign': nobody here wrote that. */
export type Content =
  | { readonly kind: 'stamp'; readonly stamp: Stamp }
  | { readonly kind: 'blank' | 'torn' | 'foreign' };

export function writeStamp(into: Buffer, at: number, { unit, block, version, writer }: Stamp): void {
  const bytes = into.subarray(at, at + BLOCK_LENGTH);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(unit, 4);
  bytes.writeUInt32BE(block, 8);
  bytes.writeUInt32BE(version, 12);
  bytes.writeUInt32BE(writer, 16);
  // Two versions differ all over, so that a block of both can't have the checksum of either.
  const fill = (Math.imul(version, 0x9e37_79b1) ^ Math.imul(block, 0x85eb_ca77)) >>> 0;
  for (let place = FILL_AT; place < SUM_AT; place += 4) bytes.writeUInt32BE((fill ^ place) >>> 0, place);
  bytes.writeUInt32BE(crc32c(bytes.subarray(0, SUM_AT)), SUM_AT);
}

export function readStamp(from: Buffer, at: number): Content {
  const bytes = from.subarray(at, at + BLOCK_LENGTH);
  if (bytes.readUInt32BE(0) !== MAGIC) {
    if (bytes.every((byte) => byte === 0)) return { kind: 'blank' };
    return { kind: 'foreign' };
  }
  if (bytes.readUInt32BE(SUM_AT) !== crc32c(bytes.subarray(0, SUM_AT))) return { kind: 'torn' };
  const stamp = {
    unit: bytes.readUInt32BE(4),
    block: bytes.readUInt32BE(8),
    version: bytes.readUInt32BE(12),
    writer: bytes.readUInt32BE(16),
  };
  return { kind: 'stamp', stamp };
}
