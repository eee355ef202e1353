/** PERSISTENT RESERVE IN parameter data (SPC-4 6.15). Reservation keys are 16 hexadecimal digits. */
import { putU16, putU32 } from './bytes.ts';
import { encodeTransportId, type TransportId } from './transport-id.ts';

/** Types of persistent reservations (SPC-4 table of 6.15.3.4), by their codes. */
export const ReservationType = {
  writeExclusive: 0x1,
  exclusiveAccess: 0x3,
  writeExclusiveRegistrantsOnly: 0x5,
  exclusiveAccessRegistrantsOnly: 0x6,
  writeExclusiveAllRegistrants: 0x7,
  exclusiveAccessAllRegistrants: 0x8,
} as const;
export type ReservationType = (typeof ReservationType)[keyof typeof ReservationType];

/** SCOPE is always the logical unit: 0. */
export interface ReservationDescriptor {
  readonly key: string;
  readonly type: ReservationType;
}

export interface FullStatusDescriptor {
  readonly key: string;
  /** The type of the reservation that it holds, or null. */
  readonly holds: ReservationType | null;
  readonly relativePort: number;
  readonly initiatorPort: TransportId;
}

const HEADER_LENGTH = 8;
const KEY_LENGTH = 8;
const RESERVATION_LENGTH = 16;
const FULL_STATUS_LENGTH = 24;
const CAPABILITIES_LENGTH = 8;
const R_HOLDER = 0x01;
/** Specify Initiator Ports, All Target Ports; and in the next byte Type Mask Valid. CRH is 0. */
const SIP_C_AND_ATP_C = 0x0c;
const PTPL_C = 0x01;
const TMV = 0x80;
/** TEST UNIT READY is allowed whatever the reservation; nothing is said of the other commands. */
const ALLOW_COMMANDS = 0x10;
const PTPL_A = 0x01;

export function encodeReadKeys(generation: number, keys: readonly string[]): Uint8Array {
  const bytes = withHeader(generation, KEY_LENGTH * keys.length);
  keys.forEach((key, index) => {
    putKey(bytes, HEADER_LENGTH + KEY_LENGTH * index, key);
  });
  return bytes;
}

/** `reservation`: null where there is none. */
export function encodeReadReservation(
  generation: number,
  reservation: ReservationDescriptor | null,
): Uint8Array {
  if (reservation === null) return withHeader(generation, 0);
  const bytes = withHeader(generation, RESERVATION_LENGTH);
  putKey(bytes, HEADER_LENGTH, reservation.key);
  bytes[HEADER_LENGTH + 13] = reservation.type;
  return bytes;
}

/** `canPersist`: PTPL_C; `persists`: PTPL_A. */
export function encodeReportCapabilities(canPersist: boolean, persists: boolean): Uint8Array {
  const bytes = new Uint8Array(CAPABILITIES_LENGTH);
  putU16(bytes, 0, CAPABILITIES_LENGTH);
  bytes[2] = SIP_C_AND_ATP_C | (canPersist ? PTPL_C : 0);
  bytes[3] = TMV | ALLOW_COMMANDS | (persists ? PTPL_A : 0);
  // A bit for each type, from its code: the mask is little-endian, in the midst of SCSI.
  for (const type of Object.values(ReservationType)) {
    const at = 4 + (type >> 3);
    bytes[at] = (bytes[at] ?? 0) | (1 << (type & 7));
  }
  return bytes;
}

export function encodeReadFullStatus(
  generation: number,
  registrants: readonly FullStatusDescriptor[],
): Uint8Array {
  const ids = registrants.map(({ initiatorPort }) => encodeTransportId(initiatorPort));
  const length = ids.reduce((sum, id) => sum + FULL_STATUS_LENGTH + id.length, 0);
  const bytes = withHeader(generation, length);
  let at = HEADER_LENGTH;
  registrants.forEach(({ key, holds, relativePort }, index) => {
    const id = ids[index] ?? new Uint8Array(0);
    putKey(bytes, at, key);
    bytes[at + 12] = holds === null ? 0 : R_HOLDER;
    bytes[at + 13] = holds ?? 0;
    putU16(bytes, at + 18, relativePort);
    putU32(bytes, at + 20, id.length);
    bytes.set(id, at + FULL_STATUS_LENGTH);
    at += FULL_STATUS_LENGTH + id.length;
  });
  return bytes;
}

function withHeader(generation: number, length: number): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + length);
  putU32(bytes, 0, generation);
  putU32(bytes, 4, length);
  return bytes;
}

function putKey(bytes: Uint8Array, at: number, key: string): void {
  bytes.set(Buffer.from(key, 'hex'), at);
}
