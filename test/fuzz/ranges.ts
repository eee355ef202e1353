/** Blocks of a unit, two in three of them its last ones: a little more is too much. */
import fc from 'fast-check';
import { UNIT_BLOCKS } from './victim-file.ts';

export interface Range {
  readonly lba: number;
  readonly blocks: number;
}

/** `blocks`: how many, far fewer than a unit has. */
export function anyRange(blocks: fc.Arbitrary<number>): fc.Arbitrary<Range> {
  return fc
    .record({ blocks, lba: fc.nat(30_000), atEnd: fc.nat(2) })
    .map(({ blocks: count, lba, atEnd }) => ({
      lba: atEnd > 0 ? UNIT_BLOCKS - count : lba,
      blocks: count,
    }));
}
