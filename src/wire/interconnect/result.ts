/** A result: how an exchange ended (docs/interconnect.md sections 2 and 6). In RESPONSE, and in DATA_IN with FINAL. */
import type { Sense } from '../scsi/sense.ts';
import { putU32, putU64, u8, u32, u64 } from './frame.ts';

export const ResultKind = { status: 0, aborted: 1, unknown: 2 } as const;
export type ResultKind = (typeof ResultKind)[keyof typeof ResultKind];

export interface Result {
  readonly kind: number;
  readonly status: number;
  readonly presentedLength: number;
  readonly sense: Sense | null;
}

const RESULT_LENGTH = 6;
const WITH_SENSE = 18;

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
  return WITH_SENSE;
}

/** `parameters`: exactly a result. `null`: malformed. */
export function decodeResult(parameters: Uint8Array): Result | null {
  if (parameters.length !== RESULT_LENGTH && parameters.length !== WITH_SENSE) return null;
  const kind = u8(parameters, 0);
  if (kind > ResultKind.unknown) return null;
  const sense = parameters.length === RESULT_LENGTH ? null : decodeSense(parameters);
  if (kind !== ResultKind.status && sense !== null) return null;
  return { kind, status: u8(parameters, 1), presentedLength: u32(parameters, 2), sense };
}

function decodeSense(parameters: Uint8Array): Sense {
  return {
    key: u8(parameters, 6) & 0x0f,
    asc: u8(parameters, 7),
    ascq: u8(parameters, 8),
    information: u8(parameters, 9) === 0 ? null : u64(parameters, 10),
  };
}
