/**
 * The number by which INVENTORY lists a unit, as FCP_LUN: single level flat space or peripheral addressing (SAM-5 4.7.7)
 * where it is 14 bits long, as every sensible one is; else long extended flat space addressing of six bytes (4.7.7.5.4).
 */
import { putU32, u8, u16, u32 } from '../scsi/bytes.ts';
import { decodeLun, encodeLun, LUN_LENGTH, MAX_LUN } from '../scsi/lun.ts';

/** Address method 11b, length 10b, extended address method 2h. */
const LONG_EXTENDED = 0xe2;

export function encodeFcpLun(unit: number, bytes: Uint8Array, at: number): void {
  if (unit <= MAX_LUN) return encodeLun(unit, bytes, at);
  bytes.fill(0, at, at + LUN_LENGTH);
  bytes[at] = LONG_EXTENDED;
  putU32(bytes, at + 2, unit);
}

/** -1: not the number of any unit. */
export function decodeFcpLun(bytes: Uint8Array): number {
  if (u8(bytes, 0) !== LONG_EXTENDED) return decodeLun(bytes, 0);
  return u8(bytes, 1) === 0 && u16(bytes, 6) === 0 ? u32(bytes, 2) : -1;
}
