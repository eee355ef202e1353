/** Block Limits, B0h (SBC-3 6.6.4). All fields in blocks, or in descriptors where they say so. */
import { putU16, putU32, putU64 } from '../bytes.ts';
import { newVpdPage, VpdPage } from './page.ts';

export interface BlockLimits {
  readonly maxCompareAndWriteBlocks: number;
  /** OPTIMAL TRANSFER LENGTH GRANULARITY. */
  readonly transferGranularity: number;
  readonly maxTransferBlocks: number;
  readonly optimalTransferBlocks: number;
  readonly maxWriteSameBlocks: number;
  /** Null: there is no UNMAP, which its fields say by being 0. */
  readonly unmap: UnmapLimits | null;
}

export interface UnmapLimits {
  readonly maxBlocks: number;
  readonly maxDescriptors: number;
  readonly granularity: number;
}

/** WRITE SAME of zero blocks, which would mean all to the end of the unit, is refused: what is meant can be written out. */
const WSNZ = 0x01;
const UGAVALID = 0x80;

/** The atomic fields stay 0: nothing but a single block is promised to be written as one. */
export function encodeBlockLimits(limits: BlockLimits): Uint8Array {
  const bytes = newVpdPage(VpdPage.blockLimits, 60);
  bytes[4] = WSNZ;
  bytes[5] = limits.maxCompareAndWriteBlocks;
  putU16(bytes, 6, limits.transferGranularity);
  putU32(bytes, 8, limits.maxTransferBlocks);
  putU32(bytes, 12, limits.optimalTransferBlocks);
  if (limits.unmap !== null) putUnmapLimits(bytes, limits.unmap);
  putU64(bytes, 36, limits.maxWriteSameBlocks);
  return bytes;
}

function putUnmapLimits(bytes: Uint8Array, limits: UnmapLimits): void {
  putU32(bytes, 20, limits.maxBlocks);
  putU32(bytes, 24, limits.maxDescriptors);
  putU32(bytes, 28, limits.granularity);
  bytes[32] = UGAVALID;
}
