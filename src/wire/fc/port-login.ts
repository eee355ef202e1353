/**
 * N_Port and fabric login and their answer (FC-LS-2 4.2.7 and 4.2.19; common service parameters 6.6): FLOGI, PLOGI, and
 * LS_ACC of either, which have one form.
 */
import { putU16, putU32, u8, u16 } from '../scsi/bytes.ts';
import { MAX_DATA_FIELD } from './frame-header.ts';
import { putName, type WorldWideName, wwnAt } from './world-wide-name.ts';

/** ELS command codes (FC-LS-2 table 3). */
export const Els = { accept: 0x02, portLogin: 0x03, fabricLogin: 0x04, processLogin: 0x20 } as const;

export const PORT_LOGIN_LENGTH = 116;
const CLASS_3 = 4 + 16 + 16 + 32;
const VALID = 0x8000;
const HIGHEST_VERSION = 0x20;
/** Continuously increasing relative offset. The N_Port/F_Port bit is 0: an N_Port, so the login is point to point. */
const FEATURES = 0x8000;
const SEQUENCES = 255;
const ERROR_DETECT_MILLISECONDS = 2000;
const LEAST_DATA_FIELD = 256;
const FABRIC_PORT = 0x1000;

export interface PortLogin {
  readonly command: number;
  readonly portName: WorldWideName;
  readonly nodeName: WorldWideName;
}

export function encodePortLogin(login: PortLogin, bytes: Uint8Array, at: number): number {
  bytes.fill(0, at, at + PORT_LOGIN_LENGTH);
  bytes[at] = login.command;
  bytes[at + 4] = HIGHEST_VERSION;
  bytes[at + 5] = HIGHEST_VERSION;
  // Buffer-to-buffer credit: TCP does the flow control of an FCIP link.
  putU16(bytes, at + 6, 1);
  putU16(bytes, at + 8, FEATURES);
  putU16(bytes, at + 10, MAX_DATA_FIELD);
  putU16(bytes, at + 12, SEQUENCES);
  // Relative offset by category: all.
  putU16(bytes, at + 14, 0xffff);
  putU32(bytes, at + 16, ERROR_DETECT_MILLISECONDS);
  putName(bytes, at + 20, login.portName);
  putName(bytes, at + 28, login.nodeName);
  putU16(bytes, at + CLASS_3, VALID);
  putU16(bytes, at + CLASS_3 + 6, MAX_DATA_FIELD);
  putU16(bytes, at + CLASS_3 + 8, SEQUENCES);
  putU16(bytes, at + CLASS_3 + 12, 1);
  return PORT_LOGIN_LENGTH;
}

/** A string: why this is no login that a point-to-point link of class 3 can begin with. */
export function decodePortLogin(bytes: Uint8Array): PortLogin | string {
  if (bytes.length !== PORT_LOGIN_LENGTH) return `a login of ${bytes.length} bytes`;
  if ((u16(bytes, 8) & FABRIC_PORT) !== 0) return 'a fabric where an N_Port was expected';
  if ((u16(bytes, CLASS_3) & VALID) === 0) return 'a login without class 3';
  if ((u16(bytes, 10) & 0xfff) < LEAST_DATA_FIELD || u16(bytes, CLASS_3 + 6) < MAX_DATA_FIELD) {
    return 'a receive data field of less than 2112 bytes';
  }
  return { command: u8(bytes, 0), portName: wwnAt(bytes, 20), nodeName: wwnAt(bytes, 28) };
}
