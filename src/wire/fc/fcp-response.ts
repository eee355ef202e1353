/** FCP_RSP (FCP-4 9.5): status, residual and sense of a command; or the answer to task management. */
import { putU32, u8, u32 } from '../scsi/bytes.ts';

const FIXED = 24;
/** FCP_RSP_INFO with its code (FCP-4 9.5.15). */
const INFO_LENGTH = 8;
/** Long enough for every sense data that decodeSense takes. */
const MAX_SENSE = 252;
export const MAX_FCP_RESPONSE = FIXED + INFO_LENGTH + MAX_SENSE;

const Flag = { infoValid: 0x01, senseValid: 0x02, over: 0x04, under: 0x08 } as const;
const KNOWN_FLAGS = Flag.infoValid | Flag.senseValid | Flag.over | Flag.under;

/** RSP_CODE, of FCP-4 table 33, as far as this protocol answers with it. */
export const ResponseCode = { complete: 0, rejected: 4 } as const;

export interface FcpResponse {
  readonly status: number;
  /** FCP_RESID: how much less (below 0) or more than FCP_DL the command asked to transfer. */
  readonly residual: number;
  /** RSP_CODE; null where there is no FCP_RSP_INFO. */
  readonly code: number | null;
  /** Sense data, or none. Decoded, it borrows the bytes. */
  readonly sense: Uint8Array;
}

export function encodeFcpResponse(response: FcpResponse, bytes: Uint8Array, at: number): number {
  const { residual, code, sense } = response;
  const infoLength = code === null ? 0 : INFO_LENGTH;
  bytes.fill(0, at, at + FIXED + infoLength);
  bytes[at + 10] =
    (code === null ? 0 : Flag.infoValid) |
    (sense.length === 0 ? 0 : Flag.senseValid) |
    (residual < 0 ? Flag.under : residual > 0 ? Flag.over : 0);
  bytes[at + 11] = response.status;
  putU32(bytes, at + 12, Math.abs(residual));
  putU32(bytes, at + 16, sense.length);
  putU32(bytes, at + 20, infoLength);
  bytes[at + FIXED + 3] = code ?? 0;
  bytes.set(sense, at + FIXED + infoLength);
  return FIXED + infoLength + sense.length;
}

/** `null`: malformed. */
export function decodeFcpResponse(bytes: Uint8Array): FcpResponse | null {
  const flags = u8(bytes, 10);
  const infoLength = (flags & Flag.infoValid) === 0 ? 0 : u32(bytes, 20);
  const senseLength = (flags & Flag.senseValid) === 0 ? 0 : u32(bytes, 16);
  if (bytes.length < FIXED || (flags & ~KNOWN_FLAGS) !== 0 || senseLength > MAX_SENSE) return null;
  if (infoLength !== ((flags & Flag.infoValid) === 0 ? 0 : INFO_LENGTH)) return null;
  if (bytes.length !== FIXED + infoLength + senseLength) return null;
  const residual = residualOf(flags, u32(bytes, 12));
  if (residual === null) return null;
  return {
    status: u8(bytes, 11),
    residual,
    code: infoLength === 0 ? null : u8(bytes, FIXED + 3),
    sense: bytes.subarray(FIXED + infoLength),
  };
}

function residualOf(flags: number, count: number): number | null {
  const direction = flags & (Flag.over | Flag.under);
  if (direction === 0) return count === 0 ? 0 : null;
  if (direction === (Flag.over | Flag.under)) return null;
  return direction === Flag.under ? -count : count;
}
