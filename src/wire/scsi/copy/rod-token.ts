/** ROD tokens (SPC-4 5.17.6.4, 5.17.6.5; SBC-3 4.28): 512 bytes that stand for blocks of a unit. */
import { putU16, putU32, putU64, u8, u16, u32 } from '../bytes.ts';

export const ROD_TOKEN_LENGTH = 512;

/** ROD TYPE. Every token that we make is of the second. */
export const RodType = {
  pointInTimeDefault: 0x0080_0000,
  pointInTimeChangeVulnerable: 0x0080_0001,
  pointInTimeAny: 0x0080_ffff,
  zero: 0xffff_0001,
} as const;

/** Bytes that no one can guess, which make a token. */
export const TOKEN_SECRET_LENGTH = 256;
export const TOKEN_IDENTIFIER_LENGTH = 8;

export interface RodToken {
  /** COPY MANAGER ROD TOKEN IDENTIFIER: 8 bytes. */
  readonly identifier: Uint8Array;
  /** EXTENDED ROD TOKEN DATA: TOKEN_SECRET_LENGTH bytes. */
  readonly secret: Uint8Array;
  /** Of the unit whose blocks they are. */
  readonly naa: Uint8Array;
  readonly blockLength: number;
  readonly byteLength: number;
}

const LENGTH_FIELD = ROD_TOKEN_LENGTH - 8;
const IDENTIFIER_AT = 8;
const CREATOR_AT = 16;
const BYTES_AT = 48;
const SECRET_AT = 256;
const IDENTIFICATION = 0xe4;
const BINARY = 0x01;
const NAA_OF_UNIT = 0x03;
const NAA_LENGTH = 16;

export function encodeRodToken(token: RodToken): Uint8Array {
  const bytes = new Uint8Array(ROD_TOKEN_LENGTH);
  putU32(bytes, 0, RodType.pointInTimeChangeVulnerable);
  putU16(bytes, 6, LENGTH_FIELD);
  bytes.set(token.identifier, IDENTIFIER_AT);
  bytes[CREATOR_AT] = IDENTIFICATION;
  bytes[CREATOR_AT + 4] = BINARY;
  bytes[CREATOR_AT + 5] = NAA_OF_UNIT;
  bytes[CREATOR_AT + 7] = NAA_LENGTH;
  bytes.set(token.naa, CREATOR_AT + 8);
  putU16(bytes, CREATOR_AT + 30, token.blockLength);
  putU64(bytes, BYTES_AT + 8, token.byteLength);
  bytes.set(token.secret, SECRET_AT);
  return bytes;
}

export type RodTokenMistake = 'wrongLength' | 'unknownType' | 'corrupt';

/** What a token says of itself: nothing but where to ask. 'zero': it stands for zeroes. */
export function readRodToken(
  token: Uint8Array,
): { readonly creatorNaa: Uint8Array } | 'zero' | RodTokenMistake {
  if (u16(token, 6) !== LENGTH_FIELD) return 'wrongLength';
  const type = u32(token, 0);
  if (type === RodType.zero) return 'zero';
  if (type !== RodType.pointInTimeChangeVulnerable) return 'unknownType';
  const isOurs =
    u8(token, CREATOR_AT) === IDENTIFICATION &&
    u8(token, CREATOR_AT + 4) === BINARY &&
    u8(token, CREATOR_AT + 5) === NAA_OF_UNIT &&
    u8(token, CREATOR_AT + 7) === NAA_LENGTH;
  if (!isOurs) return 'corrupt';
  return { creatorNaa: token.slice(CREATOR_AT + 8, CREATOR_AT + 8 + NAA_LENGTH) };
}
