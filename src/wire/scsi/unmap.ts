/** UNMAP parameter list (SBC-3 5.28.2). */
import { u16, u32, u64 } from './bytes.ts';

export interface BlockRange {
  /** Infinity from 2^53 on. */
  readonly lba: number;
  readonly blocks: number;
}

export const UNMAP_HEADER_LENGTH = 8;
const DESCRIPTOR_LENGTH = 16;

/** The ranges to unmap, or what is wrong: a length that goes past the list, or lengths that contradict each other. */
export function decodeUnmapList(list: Uint8Array): readonly BlockRange[] | 'tooShort' | 'contradictory' {
  if (list.length < UNMAP_HEADER_LENGTH) return 'tooShort';
  const descriptorLength = u16(list, 2);
  if (UNMAP_HEADER_LENGTH + descriptorLength > list.length) return 'tooShort';
  // UNMAP DATA LENGTH counts from byte 2, BLOCK DESCRIPTOR DATA LENGTH from byte 8.
  if (u16(list, 0) < descriptorLength + UNMAP_HEADER_LENGTH - 2) return 'contradictory';
  const ranges: BlockRange[] = [];
  // SBC-3 5.28.2: a length that is no multiple of 16 leaves an incomplete last descriptor, which is ignored.
  const end = UNMAP_HEADER_LENGTH + descriptorLength - DESCRIPTOR_LENGTH;
  for (let at = UNMAP_HEADER_LENGTH; at <= end; at += DESCRIPTOR_LENGTH) {
    ranges.push({ lba: u64(list, at), blocks: u32(list, at + 8) });
  }
  return ranges;
}
