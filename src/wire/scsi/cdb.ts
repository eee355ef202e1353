/**
 * Fields that the block commands share, by the group of their operation code (SPC-4 4.2.5.1): the top three bits say how long the CDB
 * is, and the length says where LBA and transfer length are.
 */
import { putU32, putU64, u8, u16, u24, u32, u64 } from './bytes.ts';

/** Bytes of a CDB by group code; 0 for the groups that have no fixed length. */
const lengths: readonly number[] = [6, 10, 10, 0, 16, 12, 0, 0];

export function cdbLength(operationCode: number): number {
  return lengths[operationCode >> 5] ?? 0;
}

/** LOGICAL BLOCK ADDRESS; Infinity from 2^53 on, which is out of every range. */
export function lbaOf(cdb: Uint8Array): number {
  switch (u8(cdb, 0) >> 5) {
    case 0:
      return u24(cdb, 1) & 0x1f_ffff;
    case 4:
      return u64(cdb, 2);
    default:
      return u32(cdb, 2);
  }
}

/** TRANSFER LENGTH (VERIFICATION LENGTH, NUMBER OF LOGICAL BLOCKS) in blocks. */
export function blocksOf(cdb: Uint8Array): number {
  switch (u8(cdb, 0) >> 5) {
    case 0:
      // SBC-3 5.7 and 5.31: in the six-byte commands 0 means 256.
      return cdb[4] === 0 ? 256 : u8(cdb, 4);
    case 4:
      return u32(cdb, 10);
    case 5:
      return u32(cdb, 6);
    default:
      return u16(cdb, 7);
  }
}

/** FORCE UNIT ACCESS of the reads and writes that have it; the six-byte ones do not. */
export function forceUnitAccess(cdb: Uint8Array): boolean {
  return u8(cdb, 0) >> 5 !== 0 && (u8(cdb, 1) & 0x08) !== 0;
}

/** A block command of 16 bytes: READ (16), WRITE (16). */
export function encodeCdb16(operationCode: number, lba: number, blocks: number): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = operationCode;
  putU64(cdb, 2, lba);
  putU32(cdb, 10, blocks);
  return cdb;
}
