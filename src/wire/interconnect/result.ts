/** A result: how an exchange ended (docs/interconnect.md sections 2 and 6). In RESPONSE, and in DATA_IN with FINAL. */
import type { Sense } from '../scsi/sense.ts';
import { putU16, putU32, putU64, u8, u16, u32, u64 } from './frame.ts';

export const ResultKind = { status: 0, aborted: 1, unknown: 2 } as const;
export type ResultKind = (typeof ResultKind)[keyof typeof ResultKind];

export interface ResultFields {
  kind: number;
  status: number;
  presentedLength: number;
  sense: Sense | null;
}

export type Result = Readonly<ResultFields>;

const RESULT_LENGTH = 6;
const WITH_SENSE = 18;
/** Sense key specific data too: on links of version 2. */
const WITH_SPECIFIC = 21;
/** SENSE KEY SPECIFIC is valid: else it is not sent. */
const SKSV = 0x80_0000;
const LENGTHS = [RESULT_LENGTH, WITH_SENSE, WITH_SPECIFIC];

export function encodeResult(result: Result, bytes: Uint8Array, at: number): number {
  bytes[at] = result.kind;
  bytes[at + 1] = result.status;
  putU32(bytes, at + 2, result.presentedLength);
  const sense = result.sense;
  if (sense === null) return RESULT_LENGTH;
  bytes[at + 6] = sense.key;
  bytes[at + 7] = sense.asc;
  bytes[at + 8] = sense.ascq;
  bytes[at + 9] = sense.information === null ? 0 : 1;
  putU64(bytes, at + 10, sense.information ?? 0);
  if (sense.specific === undefined) return WITH_SENSE;
  bytes[at + 18] = sense.specific >>> 16;
  putU16(bytes, at + 19, sense.specific);
  return WITH_SPECIFIC;
}

export function emptyResult(): ResultFields {
  return { kind: ResultKind.status, status: 0, presentedLength: 0, sense: null };
}

/** `parameters`: a result from `at` to their end. False: malformed, and nothing is said of `into`. */
export function decodeResultInto(parameters: Uint8Array, at: number, into: ResultFields): boolean {
  const length = parameters.length - at;
  if (!LENGTHS.includes(length)) return false;
  const sense = length === RESULT_LENGTH ? null : decodeSense(parameters.subarray(at));
  into.kind = u8(parameters, at);
  into.status = u8(parameters, at + 1);
  into.presentedLength = u32(parameters, at + 2);
  into.sense = sense;
  if (into.kind > ResultKind.unknown || (into.kind !== ResultKind.status && sense !== null)) return false;
  return sense?.specific === undefined || (sense.specific & SKSV) !== 0;
}

/** `null`: malformed. */
export function decodeResult(parameters: Uint8Array, at = 0): Result | null {
  const result = emptyResult();
  return decodeResultInto(parameters, at, result) ? result : null;
}

function decodeSense(parameters: Uint8Array): Sense {
  const sense = {
    key: u8(parameters, 6) & 0x0f,
    asc: u8(parameters, 7),
    ascq: u8(parameters, 8),
    information: u8(parameters, 9) === 0 ? null : u64(parameters, 10),
  };
  return parameters.length === WITH_SPECIFIC
    ? { ...sense, specific: (u8(parameters, 18) << 16) | u16(parameters, 19) }
    : sense;
}
