/**
 * What an EXTENDED COPY list asks for, in terms of units: found in the initiator's own LUN map alone, and checked as a whole before
 * anything is read or written.
 */
import {
  ADDRESSED_UNIT,
  type CopySegment,
  CSCD_LENGTH,
  type ExtendedCopyList,
  type ExtendedCopyMistake,
} from '../../wire/scsi/copy/extended-copy.ts';
import { type CopyPlace, type Sense, sense } from '../../wire/scsi/sense.ts';
import { Peripheral } from '../../wire/scsi/standard-inquiry.ts';
import type { LogicalUnit } from '../logical-unit.ts';
import type { LunMap } from '../router/lun-map.ts';

/** One end of a segment. */
export interface CopyEnd {
  readonly unit: LogicalUnit;
  readonly lba: number;
  /** FIELD POINTER: where the parameter data names the unit; null where it does not. */
  readonly pointer: number | null;
}

/** Bytes to copy; they are whole blocks at both ends. */
export interface PlannedSegment {
  /** Null: zeroes. */
  readonly source: CopyEnd | null;
  readonly destination: CopyEnd;
  readonly length: number;
}

/** The units of a plan, or what is wrong. */
export function planCopy(
  list: ExtendedCopyList,
  map: LunMap,
  addressed: LogicalUnit,
): readonly PlannedSegment[] | Sense {
  const units = list.cscds.map(({ naa }) => (naa === null ? null : findUnit(naa, map)));
  const planned: PlannedSegment[] = [];
  for (const [index, segment] of list.segments.entries()) {
    const found = planSegment(segment, list, units, addressed);
    if ('key' in found) return { ...found, copy: { ...NOWHERE, ...found.copy, segment: index } };
    planned.push(found);
  }
  return planned;
}

const NOWHERE: CopyPlace = { segment: 0, pointer: null, forwarded: null };

function planSegment(
  segment: CopySegment,
  list: ExtendedCopyList,
  units: readonly (LogicalUnit | null)[],
  addressed: LogicalUnit,
): PlannedSegment | Sense {
  const source = endOf(segment.source, segment.sourceLba, list, units, addressed);
  if ('key' in source) return source;
  const destination = endOf(segment.destination, segment.destinationLba, list, units, addressed);
  if ('key' in destination) return destination;
  const counted = segment.countsDestination ? destination : source;
  const length = segment.blocks * counted.unit.identity.blockLength;
  return checkSegment(length, source, destination) ?? { source, destination, length };
}

/** Null where the initiator is shown no such unit at this port. */
export function findUnit(naa: Uint8Array, map: LunMap): LogicalUnit | null {
  const found = map.units.find(({ unit }) => isSame(unit.identity.naa, naa));
  return found?.unit ?? null;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function endOf(
  id: number,
  lba: number,
  list: ExtendedCopyList,
  units: readonly (LogicalUnit | null)[],
  addressed: LogicalUnit,
): CopyEnd | Sense {
  if (id === ADDRESSED_UNIT) return { unit: addressed, lba, pointer: null };
  const cscd = list.cscds[id];
  if (cscd === undefined) return sense.unreachableCopyTarget();
  const pointer = list.headerLength + id * CSCD_LENGTH;
  const unit = units[id] ?? null;
  if (unit === null) return { ...sense.copyTargetNotReachable(), copy: { ...NOWHERE, pointer } };
  if (cscd.peripheralType !== Peripheral.directAccessBlockDevice) {
    return { ...sense.incorrectCopyTargetType(), copy: { ...NOWHERE, pointer } };
  }
  const hasBlocksOf = cscd.blockLength === 0 || cscd.blockLength === unit.identity.blockLength;
  return hasBlocksOf ? { unit, lba, pointer } : sense.invalidFieldInParameterList();
}

/** Nothing is padded, and nothing is kept for the next segment: a segment is whole blocks at both ends. */
function checkSegment(length: number, source: CopyEnd, destination: CopyEnd): Sense | null {
  if (length === 0) return null;
  for (const { unit, lba } of [source, destination]) {
    const { blockLength, blockCount } = unit.identity;
    if (length % blockLength !== 0) return sense.unexpectedInexactSegment();
    if (lba + length / blockLength > blockCount) return sense.unreachableCopyTarget();
  }
  return null;
}

export function senseOfMistake(mistake: ExtendedCopyMistake): Sense {
  switch (mistake) {
    case 'wrongLength':
      return sense.parameterListLengthError();
    case 'invalid':
      return sense.invalidFieldInParameterList();
    case 'invalidImmediate':
      return sense.invalidFieldInCdb();
    case 'inlineData':
      return sense.inlineDataLengthExceeded();
    case 'tooManyCscds':
      return sense.tooManyTargetDescriptors();
    case 'unknownCscd':
      return sense.unsupportedTargetDescriptor();
    case 'tooManySegments':
      return sense.tooManySegmentDescriptors();
    case 'unknownSegment':
      return sense.unsupportedSegmentDescriptor();
    default:
      return mistake satisfies never;
  }
}
