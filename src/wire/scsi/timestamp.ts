/** REPORT TIMESTAMP parameter data (SPC-4 6.40). */
import { putU16, putU32 } from './bytes.ts';

const LENGTH = 12;
/** TIMESTAMP ORIGIN: initialized by methods outside of SCSI. */
const SET_BY_OTHER_METHODS = 0x03;
const WORD = 0x1_0000_0000;

/** `milliseconds`: since 1970, below 2^48. */
export function encodeTimestamp(milliseconds: number): Uint8Array {
  const bytes = new Uint8Array(LENGTH);
  putU16(bytes, 0, LENGTH - 2);
  bytes[2] = SET_BY_OTHER_METHODS;
  putU16(bytes, 4, Math.floor(milliseconds / WORD));
  putU32(bytes, 6, milliseconds % WORD);
  return bytes;
}
