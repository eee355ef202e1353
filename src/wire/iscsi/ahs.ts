/** Additional header segments (RFC 7143 11.2.2). */
import { u8, u16 } from '../scsi/bytes.ts';

const EXTENDED_CDB = 1;
const BIDIRECTIONAL_READ_LENGTH = 2;

export interface AdditionalHeaders {
  /** What follows the 16 CDB bytes of the header (11.2.2.3), or null. */
  readonly extendedCdb: Uint8Array | null;
  readonly bidirectional: boolean;
}

/** `segments`: all of them, as long as TotalAHSLength says. Null where their lengths do not add up. */
export function decodeAdditionalHeaders(segments: Uint8Array): AdditionalHeaders | null {
  let extendedCdb: Uint8Array | null = null;
  let bidirectional = false;
  let at = 0;
  while (at < segments.length) {
    if (segments.length - at < 4) return null;
    const length = u16(segments, at);
    const type = u8(segments, at + 2) & 0x3f;
    if (length < 1 || length > segments.length - at - 3) return null;
    // AHSLength counts what comes after AHSType, the reserved byte among it (11.2.2.1).
    if (type === EXTENDED_CDB) extendedCdb = segments.slice(at + 4, at + 3 + length);
    if (type === BIDIRECTIONAL_READ_LENGTH) bidirectional = true;
    at += (3 + length + 3) & ~3;
  }
  return { extendedCdb, bidirectional };
}

/** One segment that carries the CDB's bytes from the 17th on. */
export function encodeExtendedCdb(rest: Uint8Array): Uint8Array {
  const segment = new Uint8Array((4 + rest.length + 3) & ~3);
  const length = rest.length + 1;
  segment[0] = length >>> 8;
  segment[1] = length;
  segment[2] = EXTENDED_CDB;
  segment.set(rest, 4);
  return segment;
}
