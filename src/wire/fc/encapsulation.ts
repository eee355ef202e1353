/**
 * The encapsulation of FC frames (RFC 3643 3) as FCIP uses it (RFC 3821 5.6.1): a header of seven words; then,
 * but for a special frame, the start-of-frame word, the FC frame with its CRC, and the end-of-frame word.
 *
 * Every field but the time stamp is followed by its ones complement. FCIP leaves the header's CRC out (CRCV 0,
 * RFC 3821 5.6.1) and repeats word 0 in word 1; a time stamp of 0 says that the clock is not synchronized.
 */
import { putU16, putU32, u16, u32 } from '../scsi/bytes.ts';

export const ENCAPSULATION_LENGTH = 28;
/** The word of the start-of-frame, or end-of-frame, code. */
export const DELIMITER_LENGTH = 4;

/** Class 3 (RFC 3643 table 2): the first frame of a sequence, and the others. */
export const Sof = { initiateClass3: 0x2e, normalClass3: 0x36 } as const;
/** RFC 3643 table 3: the last frame of a sequence, and the others. */
export const Eof = { normal: 0x41, terminate: 0x42 } as const;

/** Protocol# 1 (FCIP), version 1, and the ones complement of both. */
const FCIP_WORD = 0x0101fefe;
/** pFlags: a changed special frame; a special frame (RFC 3821 5.6.1). */
export const PFlag = { changed: 0x80, special: 0x01 } as const;
const FRAME_LENGTH_MASK = 0x3ff;
const WORD = 4;

/** `length`: bytes of all of the encapsulation. `pFlags`: 0 for an FC frame. */
export function encodeEncapsulation(length: number, pFlags: number, bytes: Uint8Array, at: number): void {
  putU32(bytes, at, FCIP_WORD);
  putU32(bytes, at + 4, FCIP_WORD);
  putU16(bytes, at + 8, pFlags << 8);
  putU16(bytes, at + 10, ~(pFlags << 8) & 0xffff);
  putU16(bytes, at + 12, length / WORD);
  putU16(bytes, at + 14, ~(length / WORD) & 0xffff);
  bytes.fill(0, at + 16, at + ENCAPSULATION_LENGTH);
}

export interface Encapsulation {
  readonly pFlags: number;
  /** Bytes of all of the encapsulation. */
  readonly length: number;
}

/** A string: what is broken about it (RFC 3821 5.6.2.2 asks for these checks). */
export function decodeEncapsulation(bytes: Uint8Array): Encapsulation | string {
  if (u32(bytes, 0) !== FCIP_WORD || u32(bytes, 4) !== FCIP_WORD) return 'not an FCIP frame of version 1';
  if (!complement(u16(bytes, 8), u16(bytes, 10))) return 'flags and their complement differ';
  if (!complement(u16(bytes, 12), u16(bytes, 14))) return 'a length and its complement differ';
  if (u16(bytes, 12) > FRAME_LENGTH_MASK) return 'an encapsulation flag that FCIP has no use for';
  const pFlags = u16(bytes, 8) >> 8;
  const known = pFlags === 0 || pFlags === PFlag.special || pFlags === (PFlag.special | PFlag.changed);
  if (!known || (u16(bytes, 8) & 0xff) !== 0) return `pFlags ${pFlags}`;
  return { pFlags, length: u16(bytes, 12) * WORD };
}

/** A code twice, and its ones complement twice. */
export function encodeDelimiter(code: number, bytes: Uint8Array, at: number): void {
  bytes[at] = code;
  bytes[at + 1] = code;
  bytes[at + 2] = ~code;
  bytes[at + 3] = ~code;
}

/** The code of the word at `at`, or -1 where its four bytes do not agree. */
export function decodeDelimiter(bytes: Uint8Array, at: number): number {
  const code = bytes[at] ?? 0;
  const inverse = ~code & 0xff;
  return bytes[at + 1] === code && bytes[at + 2] === inverse && bytes[at + 3] === inverse ? code : -1;
}

function complement(value: number, inverse: number): boolean {
  return (value ^ inverse) === 0xffff;
}
