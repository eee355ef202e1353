/** EXTENDED COPY parameter lists, of LID1 and LID4 (SPC-4 6.3 to 6.4.6), as far as our copy manager knows what is in them. */
import { CopyLimits } from '../../../limits.ts';
import { u8, u16, u24, u32, u64 } from '../bytes.ts';

/** DESCRIPTOR TYPE CODE of what is supported, ascending (SPC-4 6.4.4). */
export const DescriptorType = { blockToBlock: 0x02, identification: 0xe4 } as const;

/** LIST ID USAGE: what is kept for RECEIVE COPY STATUS and others. */
export const ListIdUsage = { hold: 0, reserved: 1, discard: 2, none: 3 } as const;

/** CSCD descriptor IDs that stand for no descriptor of the list: the unit that the command was sent to. */
export const ADDRESSED_UNIT = 0xffff;

/** Names a unit as VPD page 83h does (SPC-4 6.4.5.6). */
export interface CscdDescriptor {
  readonly peripheralType: number;
  /** The NAA designator of a unit; null for another, which is too long for the descriptor or not of a unit. */
  readonly naa: Uint8Array | null;
  /** 0: what the unit has. */
  readonly blockLength: number;
}

/** Copy from block device to block device (SPC-4 6.4.6.4). */
export interface CopySegment {
  readonly source: number;
  readonly destination: number;
  /** DC: `blocks` are the destination's, not the source's. */
  readonly countsDestination: boolean;
  readonly blocks: number;
  /** Infinity from 2^53 on. */
  readonly sourceLba: number;
  readonly destinationLba: number;
}

export interface ExtendedCopyList {
  readonly listIdentifier: number;
  readonly usage: number;
  /** G_SENSE: GOOD comes with the number of segments that were processed. */
  readonly goodWithSense: boolean;
  /** Bytes in front of the first CSCD descriptor. */
  readonly headerLength: number;
  readonly cscds: readonly CscdDescriptor[];
  readonly segments: readonly CopySegment[];
}

export type ExtendedCopyMistake =
  | 'wrongLength'
  | 'invalid'
  | 'invalidImmediate'
  | 'inlineData'
  | 'tooManyCscds'
  | 'unknownCscd'
  | 'tooManySegments'
  | 'unknownSegment';

interface Header {
  readonly listIdentifier: number;
  readonly flags: number;
  readonly goodWithSense: boolean;
  readonly length: number;
  readonly cscdLength: number;
  readonly segmentLength: number;
  readonly inlineLength: number;
}

const LID1_HEADER_LENGTH = 16;
const LID4_HEADER_LENGTH = 48;
export const CSCD_LENGTH = 32;
const SEGMENT_LENGTH = 28;
const SEGMENT_HEADER_LENGTH = 4;
/** PARAMETER LIST FORMAT, and the two fields that make a LID4 list no list of SPC-3. */
const LID4_FORMAT = 0x01;
const LID4_CSCD_TYPE = 0xff;
const G_SENSE = 0x02;
const IMMED = 0x01;
const MAX_DESIGNATOR_LENGTH = 20;
/** CODE SET; ASSOCIATION and DESIGNATOR TYPE. */
const BINARY = 0x01;
const NAA_OF_UNIT = 0x03;
const DC = 0x02;

export function decodeExtendedCopyLid1(list: Uint8Array): ExtendedCopyList | ExtendedCopyMistake {
  if (list.length < LID1_HEADER_LENGTH) return 'wrongLength';
  return decodeBody(list, {
    listIdentifier: u8(list, 0),
    flags: u8(list, 1),
    goodWithSense: false,
    length: LID1_HEADER_LENGTH,
    cscdLength: u16(list, 2),
    segmentLength: u32(list, 8),
    inlineLength: u32(list, 12),
  });
}

/** IMMED is taken for 0, as 5.17.4.3 allows: a copy runs while its command does. */
export function decodeExtendedCopyLid4(list: Uint8Array): ExtendedCopyList | ExtendedCopyMistake {
  if (list.length < LID4_HEADER_LENGTH) return 'wrongLength';
  const isLid4 = u16(list, 2) === CSCD_LENGTH && u8(list, 16) === LID4_CSCD_TYPE;
  if (u8(list, 0) !== LID4_FORMAT || !isLid4) return 'invalid';
  const goodWithSense = (u8(list, 15) & G_SENSE) !== 0;
  const isImmediate = (u8(list, 15) & IMMED) !== 0;
  const flags = u8(list, 1);
  if (isImmediate && (goodWithSense || usageOf(flags) === ListIdUsage.none)) return 'invalidImmediate';
  return decodeBody(list, {
    listIdentifier: u32(list, 20),
    flags,
    goodWithSense,
    length: LID4_HEADER_LENGTH,
    cscdLength: u16(list, 42),
    segmentLength: u16(list, 44),
    inlineLength: u16(list, 46),
  });
}

function decodeBody(list: Uint8Array, header: Header): ExtendedCopyList | ExtendedCopyMistake {
  const { cscdLength, segmentLength, listIdentifier, goodWithSense } = header;
  const usage = usageOf(header.flags);
  if (usage === ListIdUsage.reserved || (usage === ListIdUsage.none && listIdentifier !== 0))
    return 'invalid';
  if (cscdLength + segmentLength > CopyLimits.maxDescriptorListLength) return 'wrongLength';
  if (header.inlineLength > 0) return 'inlineData';
  const segmentsAt = header.length + cscdLength;
  if (segmentsAt + segmentLength > list.length) return 'wrongLength';
  const cscds = decodeCscds(list.subarray(header.length, segmentsAt));
  if (typeof cscds === 'string') return cscds;
  const segments = decodeSegments(list.subarray(segmentsAt, segmentsAt + segmentLength));
  if (typeof segments === 'string') return segments;
  return { listIdentifier, usage, goodWithSense, headerLength: header.length, cscds, segments };
}

function usageOf(flags: number): number {
  return (flags >> 3) & 3;
}

function decodeCscds(bytes: Uint8Array): CscdDescriptor[] | ExtendedCopyMistake {
  if (bytes.length % CSCD_LENGTH !== 0) return 'invalid';
  if (bytes.length > CopyLimits.maxCscdDescriptors * CSCD_LENGTH) return 'tooManyCscds';
  const found: CscdDescriptor[] = [];
  for (let at = 0; at < bytes.length; at += CSCD_LENGTH) {
    if (u8(bytes, at) !== DescriptorType.identification) return 'unknownCscd';
    const length = u8(bytes, at + 7);
    if (length > MAX_DESIGNATOR_LENGTH) return 'invalid';
    const isNaa = (u8(bytes, at + 4) & 0x0f) === BINARY && (u8(bytes, at + 5) & 0x3f) === NAA_OF_UNIT;
    found.push({
      peripheralType: u8(bytes, at + 1) & 0x1f,
      naa: isNaa ? bytes.slice(at + 8, at + 8 + length) : null,
      blockLength: u24(bytes, at + 29),
    });
  }
  return found;
}

function decodeSegments(bytes: Uint8Array): CopySegment[] | ExtendedCopyMistake {
  const found: CopySegment[] = [];
  for (let at = 0; at < bytes.length; at += SEGMENT_LENGTH) {
    if (found.length === CopyLimits.maxSegmentDescriptors) return 'tooManySegments';
    if (u8(bytes, at) !== DescriptorType.blockToBlock) return 'unknownSegment';
    const isWhole = at + SEGMENT_LENGTH <= bytes.length;
    if (!isWhole || u16(bytes, at + 2) !== SEGMENT_LENGTH - SEGMENT_HEADER_LENGTH) return 'invalid';
    found.push({
      source: u16(bytes, at + 4),
      destination: u16(bytes, at + 6),
      countsDestination: (u8(bytes, at + 1) & DC) !== 0,
      blocks: u16(bytes, at + 10),
      sourceLba: u64(bytes, at + 12),
      destinationLba: u64(bytes, at + 20),
    });
  }
  return found;
}
