/** POPULATE TOKEN and WRITE USING TOKEN parameter lists, and block device range descriptors (SBC-3 5.7, 5.46). */
import { CopyLimits } from '../../../limits.ts';
import { putU32, putU64, u8, u16, u32, u64 } from '../bytes.ts';
import { ROD_TOKEN_LENGTH, RodType } from './rod-token.ts';

export interface TokenRange {
  /** Infinity from 2^53 on. */
  readonly lba: number;
  readonly blocks: number;
}

export interface PopulateTokenList {
  /** 0: the default. */
  readonly inactivitySeconds: number;
  readonly ranges: readonly TokenRange[];
}

export interface WriteUsingTokenList {
  readonly token: Uint8Array;
  /** OFFSET INTO ROD, in blocks of the destination. */
  readonly offset: number;
  readonly ranges: readonly TokenRange[];
}

export type TokenListMistake = 'wrongLength' | 'invalid' | 'tooManyRanges';

const RANGE_LENGTH = 16;
const POPULATE_HEADER_LENGTH = 16;
const WRITE_HEADER_LENGTH = 536;
const TOKEN_AT = 16;
/** What the first two bytes do not count. */
const LENGTH_FIELD = 2;
const RTV = 0x02;
const madeTypes: readonly number[] = [
  RodType.pointInTimeDefault,
  RodType.pointInTimeChangeVulnerable,
  RodType.pointInTimeAny,
];

/** IMMED is taken for 0. */
export function decodePopulateToken(list: Uint8Array): PopulateTokenList | TokenListMistake {
  if (list.length < POPULATE_HEADER_LENGTH) return 'wrongLength';
  const inactivitySeconds = u32(list, 4);
  const hasType = (u8(list, 2) & RTV) !== 0;
  if (hasType && !madeTypes.includes(u32(list, 8))) return 'invalid';
  if (inactivitySeconds > CopyLimits.maxTokenSeconds) return 'invalid';
  const ranges = decodeRanges(list, POPULATE_HEADER_LENGTH);
  return typeof ranges === 'string' ? ranges : { inactivitySeconds, ranges };
}

/** DEL_TKN is not obeyed: a token that is not used expires. */
export function decodeWriteUsingToken(list: Uint8Array): WriteUsingTokenList | TokenListMistake {
  if (list.length < WRITE_HEADER_LENGTH) return 'wrongLength';
  const ranges = decodeRanges(list, WRITE_HEADER_LENGTH);
  if (typeof ranges === 'string') return ranges;
  return { token: list.slice(TOKEN_AT, TOKEN_AT + ROD_TOKEN_LENGTH), offset: u64(list, 8), ranges };
}

/** The descriptor length stands in the two bytes in front of them. What is cut off in the middle of one is ignored. */
function decodeRanges(list: Uint8Array, at: number): TokenRange[] | TokenListMistake {
  const length = u16(list, at - 2);
  if (u16(list, 0) < at - LENGTH_FIELD + RANGE_LENGTH || length < RANGE_LENGTH) return 'invalid';
  const count = Math.floor(Math.min(length, list.length - at) / RANGE_LENGTH);
  if (count > CopyLimits.maxRangeDescriptors) return 'tooManyRanges';
  const ranges = Array.from({ length: count }, (_, index) => ({
    lba: u64(list, at + index * RANGE_LENGTH),
    blocks: u32(list, at + index * RANGE_LENGTH + 8),
  }));
  return overlap(ranges) ? 'invalid' : ranges;
}

/** Whether a block is in two of them. */
function overlap(ranges: readonly TokenRange[]): boolean {
  const sorted = ranges.filter(({ blocks }) => blocks > 0).toSorted((a, b) => a.lba - b.lba);
  return sorted.some((range, index) => {
    const before = sorted[index - 1];
    return before !== undefined && before.lba + before.blocks > range.lba;
  });
}

/** Of the owner of a token to a copy manager: the ranges that it stands for. */
export function encodeTokenRanges(ranges: readonly TokenRange[]): Uint8Array {
  const bytes = new Uint8Array(ranges.length * RANGE_LENGTH);
  ranges.forEach(({ lba, blocks }, index) => {
    putU64(bytes, index * RANGE_LENGTH, lba);
    putU32(bytes, index * RANGE_LENGTH + 8, blocks);
  });
  return bytes;
}

export function decodeTokenRanges(bytes: Uint8Array): TokenRange[] {
  return Array.from({ length: Math.floor(bytes.length / RANGE_LENGTH) }, (_, index) => ({
    lba: u64(bytes, index * RANGE_LENGTH),
    blocks: u32(bytes, index * RANGE_LENGTH + 8),
  }));
}
