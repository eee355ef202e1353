/** What WRITE USING TOKEN asks for: the blocks that a token stands for, or zeroes, over the ranges of the destination (SBC-3 5.46). */
import type { TokenRange, WriteUsingTokenList } from '../../wire/scsi/copy/token-lists.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { CopyEnd, PlannedSegment } from './copy-plan.ts';

/** Bytes of a unit. */
interface Extent {
  readonly position: number;
  readonly length: number;
}

/** The ranges as they are, from a token of zeroes. */
export function planZeroes(ranges: readonly TokenRange[], destination: LogicalUnit): PlannedSegment[] {
  const { blockLength } = destination.identity;
  return ranges.map(({ lba, blocks }) => ({
    source: null,
    destination: { unit: destination, lba, pointer: null },
    length: blocks * blockLength,
  }));
}

/** As much of the ranges as there is data for behind the offset, or what is wrong. */
export function planFromToken(
  { offset, ranges }: WriteUsingTokenList,
  represented: readonly TokenRange[],
  source: LogicalUnit,
  destination: LogicalUnit,
): PlannedSegment[] | Sense {
  const there = extentsOf(represented, source);
  const begin = offset * destination.identity.blockLength;
  if (begin >= lengthOf(there)) return sense.invalidFieldInParameterList();
  const planned: PlannedSegment[] = [];
  let from = skip(there, begin);
  for (const range of extentsOf(ranges, destination)) {
    let { position, length } = range;
    while (length > 0 && from[0] !== undefined) {
      const piece = Math.min(length, from[0].length);
      const ends = { source: endAt(source, from[0].position), destination: endAt(destination, position) };
      if (!isWhole(piece, ends.source) || !isWhole(piece, ends.destination)) {
        return sense.invalidFieldInParameterList();
      }
      planned.push({ ...ends, length: piece });
      from = skip(from, piece);
      position += piece;
      length -= piece;
    }
  }
  return planned;
}

function extentsOf(ranges: readonly TokenRange[], { identity }: LogicalUnit): Extent[] {
  const { blockLength } = identity;
  return ranges.map(({ lba, blocks }) => ({ position: lba * blockLength, length: blocks * blockLength }));
}

function lengthOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { length }) => sum + length, 0);
}

/** What is left of them behind so many bytes. */
function skip(extents: readonly Extent[], bytes: number): Extent[] {
  const left: Extent[] = [];
  let skipped = 0;
  for (const { position, length } of extents) {
    const off = Math.min(length, bytes - skipped);
    skipped += off;
    if (off < length) left.push({ position: position + off, length: length - off });
  }
  return left;
}

function endAt(unit: LogicalUnit, position: number): CopyEnd {
  return { unit, lba: position / unit.identity.blockLength, pointer: null };
}

function isWhole(length: number, { unit, lba }: CopyEnd): boolean {
  return Number.isInteger(lba) && length % unit.identity.blockLength === 0;
}
