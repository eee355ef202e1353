/**
 * The FCIP special frame (RFC 3821 7): the first bytes each way on a connection. Whoever made the connection sends it; the
 * other side echoes it, as it is or changed.
 */
import { putU32, u32 } from '../scsi/bytes.ts';
import { ENCAPSULATION_LENGTH, encodeEncapsulation, PFlag } from './encapsulation.ts';
import { putName, type WorldWideName, WWN_LENGTH, wwnAt } from './world-wide-name.ts';

export const SPECIAL_FRAME_LENGTH = 76;

export interface SpecialFrame {
  /** The echo says so if it differs from what it echoes. */
  readonly changed: boolean;
  readonly source: WorldWideName;
  readonly sourceEntity: WorldWideName;
  /** 8 random bytes: two connections do not have the same. */
  readonly nonce: Uint8Array;
  readonly destination: WorldWideName;
}

const RESERVED = 0x0000ffff;

export function encodeSpecialFrame(frame: SpecialFrame, bytes: Uint8Array, at: number): number {
  const pFlags = frame.changed ? PFlag.special | PFlag.changed : PFlag.special;
  encodeEncapsulation(SPECIAL_FRAME_LENGTH, pFlags, bytes, at);
  const body = at + ENCAPSULATION_LENGTH;
  putU32(bytes, body, RESERVED);
  putName(bytes, body + 4, frame.source);
  putName(bytes, body + 12, frame.sourceEntity);
  bytes.set(frame.nonce, body + 20);
  // Connection usage: no flag says every class of frames, and no code is defined.
  putU32(bytes, body + 28, 0);
  putName(bytes, body + 32, frame.destination);
  // K_A_TOV: 0, as no LKA is sent: the probes of the interconnect do that work.
  putU32(bytes, body + 40, 0);
  putU32(bytes, body + 44, RESERVED);
  return SPECIAL_FRAME_LENGTH;
}

/** `body`: what follows the encapsulation header. `null`: malformed. */
export function decodeSpecialFrame(changed: boolean, body: Uint8Array): SpecialFrame | null {
  if (body.length !== SPECIAL_FRAME_LENGTH - ENCAPSULATION_LENGTH) return null;
  if (u32(body, 0) !== RESERVED || u32(body, 44) !== RESERVED) return null;
  return {
    changed,
    source: wwnAt(body, 4),
    sourceEntity: wwnAt(body, 12),
    nonce: body.slice(20, 20 + WWN_LENGTH),
    destination: wwnAt(body, 32),
  };
}
