/** Block Limits, B0h (SBC-3 6.6.4). All fields in blocks, or in descriptors where they say so. */
import { putU16, putU32, putU64 } from '../bytes.ts';
import { newVpdPage, VpdPage } from './page.ts';

export interface BlockLimits {
  readonly maxCompareAndWriteBlocks: number;
  /** OPTIMAL TRANSFER LENGTH GRANULARITY and OPTIMAL UNMAP GRANULARITY. */
  readonly transferGranularity: number;
  readonly unmapGranularity: number;
  readonly maxTransferBlocks: number;
  readonly optimalTransferBlocks: number;
  readonly maxUnmapBlocks: number;
  readonly maxUnmapDescriptors: number;
  readonly maxWriteSameBlocks: number;
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
  putU32(bytes, 20, limits.maxUnmapBlocks);
  putU32(bytes, 24, limits.maxUnmapDescriptors);
  putU32(bytes, 28, limits.unmapGranularity);
  bytes[32] = UGAVALID;
  putU64(bytes, 36, limits.maxWriteSameBlocks);
  return bytes;
}
