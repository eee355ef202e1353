/** What RECEIVE COPY STATUS, OPERATING PARAMETERS and FAILURE DETAILS answer (SPC-4 6.22 to 6.25). */
import { CopyLimits } from '../../../limits.ts';
import { putU16, putU32, putU64 } from '../bytes.ts';
import type { Sense } from '../sense.ts';
import { encodeSense } from '../sense-data.ts';
import { DescriptorType } from './extended-copy.ts';

/** COPY OPERATION STATUS of LID4. LID1's COPY COMMAND STATUS has the first two, and 0 for what is in progress. */
export const CopyOperationStatus = {
  completed: 0x01,
  failed: 0x02,
  inForeground: 0x11,
  /** Its command was aborted. */
  terminated: 0x60,
} as const;
export type CopyOperationStatus = (typeof CopyOperationStatus)[keyof typeof CopyOperationStatus];

export interface CopyProgress {
  readonly operation: CopyOperationStatus;
  /** Service action of the command that began it. */
  readonly serviceAction: number;
  /** Commands that units have completed for it, modulo 2^16. */
  readonly commands: number;
  /** Segments that it has begun. */
  readonly segments: number;
  /** Written in the order of the segments, or represented by a token. */
  readonly bytes: number;
  /** For commands with tokens, which count in blocks of their unit; else null. */
  readonly blockLength: number | null;
  /** How it has ended: 0 and null until then. */
  readonly status: number;
  readonly sense: Sense | null;
}

const LID1_STATUS_LENGTH = 12;
const LID4_HEADER_LENGTH = 32;
const PARAMETERS_LENGTH = 44;
const DETAILS_HEADER_LENGTH = 60;
const TOKEN_DESCRIPTOR_HEADER_LENGTH = 2;
const IN_PROGRESS = 0x00;
/** TRANSFER COUNT UNITS. */
const Units = { bytes: 0x00, kibibytes: 0x01, blocks: 0xf1 } as const;
const NO_FURTHER_UPDATE = 0xffff_fffe;
const UPDATE_MILLISECONDS = 1000;
const SNLID = 0x01;
/** Bytes, as a power of two: the smallest block that a unit has. */
const GRANULARITY = 9;

export function encodeCopyStatusLid1(progress: CopyProgress): Uint8Array {
  const bytes = new Uint8Array(LID1_STATUS_LENGTH);
  putU32(bytes, 0, LID1_STATUS_LENGTH - 4);
  bytes[4] = commandStatusOf(progress.operation);
  putU16(bytes, 5, progress.segments);
  const fits = progress.bytes <= 0xffff_ffff;
  bytes[7] = fits ? Units.bytes : Units.kibibytes;
  putU32(bytes, 8, fits ? progress.bytes : Math.floor(progress.bytes / 1024));
  return bytes;
}

function commandStatusOf(operation: CopyOperationStatus): number {
  if (operation === CopyOperationStatus.inForeground) return IN_PROGRESS;
  return operation === CopyOperationStatus.completed ? operation : CopyOperationStatus.failed;
}

export function encodeCopyStatusLid4(progress: CopyProgress): Uint8Array {
  const sense = progress.sense === null ? new Uint8Array(0) : encodeSense(progress.sense);
  const senseLength = Math.ceil(sense.length / 4) * 4;
  const bytes = new Uint8Array(LID4_HEADER_LENGTH + senseLength);
  putU32(bytes, 0, bytes.length - 4);
  bytes[4] = progress.serviceAction;
  bytes[5] = progress.operation;
  putU16(bytes, 6, progress.commands);
  const runs = progress.operation === CopyOperationStatus.inForeground;
  putU32(bytes, 8, runs ? UPDATE_MILLISECONDS : NO_FURTHER_UPDATE);
  bytes[12] = progress.status;
  bytes[13] = senseLength;
  bytes[14] = sense.length;
  bytes[15] = progress.blockLength === null ? Units.bytes : Units.blocks;
  putU64(bytes, 16, progress.bytes / (progress.blockLength ?? 1));
  putU16(bytes, 24, progress.segments);
  bytes.set(sense, LID4_HEADER_LENGTH);
  return bytes;
}

/** RECEIVE ROD TOKEN INFORMATION (6.26): the status, and the token, where one was made. */
export function encodeRodTokenInformation(progress: CopyProgress, token: Uint8Array | null): Uint8Array {
  const status = encodeCopyStatusLid4(progress);
  const descriptors = token === null ? 0 : TOKEN_DESCRIPTOR_HEADER_LENGTH + token.length;
  const bytes = new Uint8Array(status.length + 4 + descriptors);
  bytes.set(status);
  putU32(bytes, 0, bytes.length - 4);
  putU32(bytes, status.length, descriptors);
  if (token !== null) bytes.set(token, status.length + 4 + TOKEN_DESCRIPTOR_HEADER_LENGTH);
  return bytes;
}

export function encodeOperatingParameters(): Uint8Array {
  const types = supportedDescriptorTypes;
  const bytes = new Uint8Array(PARAMETERS_LENGTH + types.length);
  putU32(bytes, 0, bytes.length - 4);
  bytes[4] = SNLID;
  putU16(bytes, 8, CopyLimits.maxCscdDescriptors);
  putU16(bytes, 10, CopyLimits.maxSegmentDescriptors);
  putU32(bytes, 12, CopyLimits.maxDescriptorListLength);
  putU32(bytes, 16, CopyLimits.maxSegmentLength);
  putU16(bytes, 34, CopyLimits.copies);
  bytes[36] = CopyLimits.copies;
  bytes[37] = GRANULARITY;
  bytes[43] = types.length;
  bytes.set(types, PARAMETERS_LENGTH);
  return bytes;
}

/** DESCRIPTOR TYPE CODE, ascending. */
export const supportedDescriptorTypes: readonly number[] = Object.values(DescriptorType).sort(
  (a, b) => a - b,
);

/** `progress`: of a copy that has ended; null where nothing is kept of it. */
export function encodeFailureDetails(progress: CopyProgress | null): Uint8Array {
  if (progress?.operation !== CopyOperationStatus.failed || progress.sense === null) return new Uint8Array(4);
  const sense = encodeSense(progress.sense);
  const bytes = new Uint8Array(DETAILS_HEADER_LENGTH + sense.length);
  putU32(bytes, 0, bytes.length - 4);
  bytes[56] = progress.status;
  putU16(bytes, 58, sense.length);
  bytes.set(sense, DETAILS_HEADER_LENGTH);
  return bytes;
}
