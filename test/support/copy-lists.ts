/** Third-party copy commands, byte by byte (SPC-4 6.3 to 6.6, 6.22 to 6.25). */
import type { UnitIdentity } from '../../src/scsi/unit-identity.ts';
import { putU16, putU24, putU32, putU64 } from '../../src/wire/scsi/bytes.ts';

const CSCD_LENGTH = 32;
const SEGMENT_LENGTH = 28;

/** An Identification Descriptor CSCD descriptor with the unit's NAA designator. */
export function cscd({ naa, blockLength }: Pick<UnitIdentity, 'naa' | 'blockLength'>): Uint8Array {
  const bytes = new Uint8Array(CSCD_LENGTH);
  bytes[0] = 0xe4;
  bytes[4] = 0x01;
  bytes[5] = 0x03;
  bytes[7] = naa.length;
  bytes.set(naa, 8);
  putU24(bytes, 29, blockLength);
  return bytes;
}

export interface SegmentShape {
  readonly from?: number;
  readonly to?: number;
  readonly blocks: number;
  readonly sourceLba?: number;
  readonly destinationLba?: number;
  /** DC. */
  readonly countsDestination?: boolean;
}

/** Block to block: from CSCD descriptor 0 to 1 where nothing else is said. */
export function segment(shape: SegmentShape): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_LENGTH);
  bytes[0] = 0x02;
  bytes[1] = shape.countsDestination === true ? 0x02 : 0;
  putU16(bytes, 2, SEGMENT_LENGTH - 4);
  putU16(bytes, 4, shape.from ?? 0);
  putU16(bytes, 6, shape.to ?? 1);
  putU16(bytes, 10, shape.blocks);
  putU64(bytes, 12, shape.sourceLba ?? 0);
  putU64(bytes, 20, shape.destinationLba ?? 0);
  return bytes;
}

export interface ListShape {
  readonly cscds: readonly Uint8Array[];
  readonly segments: readonly Uint8Array[];
  readonly listIdentifier?: number;
  /** LIST ID USAGE: 0 where not given. */
  readonly usage?: number;
}

export function lid1List({ cscds, segments, listIdentifier = 1, usage = 0 }: ListShape): Uint8Array {
  const header = new Uint8Array(16);
  header[0] = listIdentifier;
  header[1] = usage << 3;
  putU16(header, 2, lengthOf(cscds));
  putU32(header, 8, lengthOf(segments));
  return join([header, ...cscds, ...segments]);
}

/** `flags`: G_SENSE and IMMED. */
export function lid4List(shape: ListShape & { readonly flags?: number }): Uint8Array {
  const header = new Uint8Array(48);
  header[0] = 0x01;
  header[1] = (shape.usage ?? 0) << 3;
  putU16(header, 2, 0x20);
  header[15] = shape.flags ?? 0;
  header[16] = 0xff;
  putU32(header, 20, shape.listIdentifier ?? 1);
  putU16(header, 42, lengthOf(shape.cscds));
  putU16(header, 44, lengthOf(shape.segments));
  return join([header, ...shape.cscds, ...shape.segments]);
}

/** THIRD-PARTY COPY OUT with a parameter list: 0 is EXTENDED COPY (LID1), 1 (LID4). */
export function copyOutCdb(serviceAction: number, listLength: number): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x83;
  cdb[1] = serviceAction;
  putU32(cdb, 10, listLength);
  return cdb;
}

/** COPY OPERATION ABORT. */
export function copyAbortCdb(listIdentifier: number): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x83;
  cdb[1] = 0x1c;
  putU32(cdb, 2, listIdentifier);
  return cdb;
}

/** THIRD-PARTY COPY IN: status 0 and 5, operating parameters 3, failure details 4. */
export function copyInCdb(
  serviceAction: number,
  listIdentifier: number,
  allocationLength = 1024,
): Uint8Array {
  const cdb = new Uint8Array(16);
  cdb[0] = 0x84;
  cdb[1] = serviceAction;
  if (serviceAction < 5) cdb[2] = listIdentifier;
  else putU32(cdb, 2, listIdentifier);
  putU32(cdb, 10, allocationLength);
  return cdb;
}

export interface RangeShape {
  readonly lba: number;
  readonly blocks: number;
}

/** POPULATE TOKEN (SBC-3 5.12). `type`: with RTV. */
export function populateList(
  ranges: readonly RangeShape[],
  { seconds = 0, type = 0 }: { readonly seconds?: number; readonly type?: number } = {},
): Uint8Array {
  const header = new Uint8Array(16);
  putU16(header, 0, 14 + 16 * ranges.length);
  header[2] = type === 0 ? 0 : 0x02;
  putU32(header, 4, seconds);
  putU32(header, 8, type);
  putU16(header, 14, 16 * ranges.length);
  return join([header, ...ranges.map(range)]);
}

/** WRITE USING TOKEN (SBC-3 5.59). */
export function writeTokenList(token: Uint8Array, ranges: readonly RangeShape[], offset = 0): Uint8Array {
  const header = new Uint8Array(536);
  putU16(header, 0, 534 + 16 * ranges.length);
  putU64(header, 8, offset);
  header.set(token, 16);
  putU16(header, 534, 16 * ranges.length);
  return join([header, ...ranges.map(range)]);
}

/** POPULATE TOKEN (10h), WRITE USING TOKEN (11h). */
export function tokenOutCdb(serviceAction: number, listIdentifier: number, listLength: number): Uint8Array {
  const cdb = copyOutCdb(serviceAction, listLength);
  putU32(cdb, 6, listIdentifier);
  return cdb;
}

/** The block device zero ROD token (SBC-3 4.28.4). */
export function zeroToken(): Uint8Array {
  const token = new Uint8Array(512);
  putU32(token, 0, 0xffff_0001);
  putU16(token, 6, 0x01f8);
  return token;
}

function range({ lba, blocks }: RangeShape): Uint8Array {
  const bytes = new Uint8Array(16);
  putU64(bytes, 0, lba);
  putU32(bytes, 8, blocks);
  return bytes;
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
