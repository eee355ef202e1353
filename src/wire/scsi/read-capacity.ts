/** READ CAPACITY (10) and (16) parameter data (SBC-3 5.15.2, 5.16.2). */
import { putU32, putU64 } from './bytes.ts';

const LBPME_LBPRZ = 0xc0;

/** Eight bytes; a last LBA that does not fit is FFFFFFFFh, which sends the initiator to READ CAPACITY (16). */
export function encodeReadCapacity10(blockCount: number, blockLength: number): Uint8Array {
  const bytes = new Uint8Array(8);
  putU32(bytes, 0, Math.min(blockCount - 1, 0xffff_ffff));
  putU32(bytes, 4, blockLength);
  return bytes;
}

/**
 * 32 bytes. `physicalExponent`: 2^n blocks a physical block. `thin`: blocks can be unmapped, and then read as zeroes; a fully
 * provisioned unit has neither bit.
 */
export function encodeReadCapacity16(
  blockCount: number,
  blockLength: number,
  physicalExponent: number,
  thin: boolean,
): Uint8Array {
  const bytes = new Uint8Array(32);
  putU64(bytes, 0, blockCount - 1);
  putU32(bytes, 8, blockLength);
  bytes[13] = physicalExponent;
  bytes[14] = thin ? LBPME_LBPRZ : 0;
  return bytes;
}
