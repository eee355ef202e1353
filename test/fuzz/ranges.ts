/** Blocks of a unit, half of them its last ones: a little more is too much. */
import fc from 'fast-check';
import { UNIT_BLOCKS } from './victim-file.ts';

export interface Range {
  readonly lba: number;
  readonly blocks: number;
}

/** `blocks`: how many, far fewer than a unit has. */
export function anyRange(blocks: fc.Arbitrary<number>): fc.Arbitrary<Range> {
  return fc
    .record({ blocks, lba: fc.nat(30_000), atEnd: fc.boolean() })
    .map(({ blocks: count, lba, atEnd }) => ({
      lba: atEnd ? UNIT_BLOCKS - count : lba,
      blocks: count,
    }));
}
