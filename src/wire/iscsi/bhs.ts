/** The Basic Header Segment: what all PDUs have in common (RFC 7143 11.2.1). */
import { putU24, putU32, u8, u24, u32 } from '../scsi/bytes.ts';

export const BHS_LENGTH = 48;
/** The reserved value of tags (RFC 7143 11.2.1.8, 11.7.4): "none". */
export const NO_TAG = 0xffffffff;

/** Bits of byte 0 and byte 1 that several PDUs share. */
export const IMMEDIATE = 0x40;
export const FINAL = 0x80;
export const CONTINUE = 0x40;

export function opcodeOf(header: Uint8Array): number {
  return u8(header, 0) & 0x3f;
}

export function isImmediate(header: Uint8Array): boolean {
  return (u8(header, 0) & IMMEDIATE) !== 0;
}

export function isFinal(header: Uint8Array): boolean {
  return (u8(header, 1) & FINAL) !== 0;
}

/** Bytes of all additional header segments (RFC 7143 11.2.1.5), 0-1020. */
export function totalAhsLength(header: Uint8Array): number {
  return u8(header, 4) * 4;
}

/** Bytes of data, without padding (RFC 7143 11.2.1.6). */
export function dataSegmentLength(header: Uint8Array): number {
  return u24(header, 5);
}

/** Bytes that bring a data segment to a multiple of four (RFC 7143 11.2.3). */
export function paddingOf(length: number): number {
  return -length & 3;
}

export function initiatorTaskTag(header: Uint8Array): number {
  return u32(header, 16);
}

/** CmdSN of a request that has one (all but Data-Out and SNACK). */
export function cmdSNOf(header: Uint8Array): number {
  return u32(header, 24);
}

/** A header of zeroes but for the fields that all PDUs have. */
export function startHeader(
  into: Uint8Array,
  opcode: number,
  flags: number,
  dataLength: number,
  taskTag: number,
): void {
  into.fill(0, 0, BHS_LENGTH);
  into[0] = opcode;
  into[1] = flags;
  putU24(into, 5, dataLength);
  putU32(into, 16, taskTag);
}

/** The three counters of most responses (RFC 7143 11.4.8-11.4.10). */
export interface ResponseCounters {
  statSN: number;
  expCmdSN: number;
  maxCmdSN: number;
}

export function putCounters(into: Uint8Array, counters: ResponseCounters): void {
  putU32(into, 24, counters.statSN);
  putU32(into, 28, counters.expCmdSN);
  putU32(into, 32, counters.maxCmdSN);
}

export function countersOf(header: Uint8Array): ResponseCounters {
  return { statSN: u32(header, 24), expCmdSN: u32(header, 28), maxCmdSN: u32(header, 32) };
}

export function lunOf(header: Uint8Array): Uint8Array {
  return header.slice(8, 16);
}
