import { putU32, putU64, u16, u32, u64 } from './bytes.ts';

/** Sense data as the core passes it: sense key, additional code and qualifier, and optional information. */
export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  /** INFORMATION field (e.g. offset of a miscompare), or null. */
  readonly information: number | null;
}

/** Bytes of fixed format sense data as encodeSense makes it. */
const FIXED_SENSE_LENGTH = 18;

const Format = { fixedCurrent: 0x70, fixedDeferred: 0x71, descriptorCurrent: 0x72, descriptorDeferred: 0x73 };
const VALID = 0x80;
const INFORMATION_DESCRIPTOR = 0x00;
const INFORMATION_DESCRIPTOR_LENGTH = 12;
const DESCRIPTOR_HEADER_LENGTH = 8;

/** Fixed format, current error (SPC-4 4.5.3), 18 bytes. Information over 32 bits does not fit: VALID is 0. */
export function encodeSense(sense: Sense): Uint8Array {
  const bytes = new Uint8Array(FIXED_SENSE_LENGTH);
  bytes[0] = Format.fixedCurrent;
  bytes[2] = sense.key;
  if (sense.information !== null && sense.information <= 0xffff_ffff) {
    bytes[0] |= VALID;
    putU32(bytes, 3, sense.information);
  }
  bytes[7] = FIXED_SENSE_LENGTH - 8;
  bytes[12] = sense.asc;
  bytes[13] = sense.ascq;
  return bytes;
}

/** Descriptor format, current error (SPC-4 4.5.2), 8 bytes, or 20 with information. */
export function encodeDescriptorSense(sense: Sense): Uint8Array {
  const extra = sense.information === null ? 0 : INFORMATION_DESCRIPTOR_LENGTH;
  const bytes = new Uint8Array(DESCRIPTOR_HEADER_LENGTH + extra);
  bytes[0] = Format.descriptorCurrent;
  bytes[1] = sense.key;
  bytes[2] = sense.asc;
  bytes[3] = sense.ascq;
  bytes[7] = extra;
  if (sense.information !== null) {
    bytes[8] = INFORMATION_DESCRIPTOR;
    bytes[9] = INFORMATION_DESCRIPTOR_LENGTH - 2;
    bytes[10] = VALID;
    putU64(bytes, 12, sense.information);
  }
  return bytes;
}

/** Sense data of either format, for clients and links; null where it is too short or of no format we know. */
export function decodeSense(bytes: Uint8Array): Sense | null {
  switch ((bytes[0] ?? 0) & ~VALID) {
    case Format.fixedCurrent:
    case Format.fixedDeferred:
      return decodeFixed(bytes);
    case Format.descriptorCurrent:
    case Format.descriptorDeferred:
      return decodeDescriptors(bytes);
    default:
      return null;
  }
}

function decodeFixed(bytes: Uint8Array): Sense | null {
  if (bytes.length < 14) return null;
  const information = ((bytes[0] ?? 0) & VALID) === 0 ? null : u32(bytes, 3);
  const code = u16(bytes, 12);
  return { key: (bytes[2] ?? 0) & 0x0f, asc: code >> 8, ascq: code & 0xff, information };
}

function decodeDescriptors(bytes: Uint8Array): Sense | null {
  if (bytes.length < DESCRIPTOR_HEADER_LENGTH) return null;
  const end = Math.min(bytes.length, DESCRIPTOR_HEADER_LENGTH + (bytes[7] ?? 0));
  const sense = { key: (bytes[1] ?? 0) & 0x0f, asc: bytes[2] ?? 0, ascq: bytes[3] ?? 0 };
  for (let at = DESCRIPTOR_HEADER_LENGTH; at + 2 <= end; at += 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] !== INFORMATION_DESCRIPTOR || at + INFORMATION_DESCRIPTOR_LENGTH > end) continue;
    const value = u64(bytes, at + 4);
    const known = ((bytes[at + 2] ?? 0) & VALID) !== 0 && Number.isFinite(value);
    return { ...sense, information: known ? value : null };
  }
  return { ...sense, information: null };
}

/** Sense key, additional sense code and qualifier, and its words (SPC-4 table of codes, and of 4.5.6 keys). */
const outcomes = {
  noSense: [0x0, 0x00, 0x00, 'no additional sense information'],
  notReadyTransitioning: [0x2, 0x04, 0x0a, 'not accessible, asymmetric access state transition'],
  notReadyUnavailable: [0x2, 0x04, 0x0c, 'not accessible, target port in unavailable state'],
  writeError: [0x3, 0x0c, 0x00, 'write error'],
  unrecoveredReadError: [0x3, 0x11, 0x00, 'unrecovered read error'],
  internalTargetFailure: [0x4, 0x44, 0x00, 'internal target failure'],
  parameterListLengthError: [0x5, 0x1a, 0x00, 'parameter list length error'],
  invalidOperationCode: [0x5, 0x20, 0x00, 'invalid command operation code'],
  lbaOutOfRange: [0x5, 0x21, 0x00, 'logical block address out of range'],
  invalidFieldInCdb: [0x5, 0x24, 0x00, 'invalid field in CDB'],
  unitNotSupported: [0x5, 0x25, 0x00, 'logical unit not supported'],
  invalidFieldInParameterList: [0x5, 0x26, 0x00, 'invalid field in parameter list'],
  invalidReleaseOfReservation: [0x5, 0x26, 0x04, 'invalid release of persistent reservation'],
  savingNotSupported: [0x5, 0x39, 0x00, 'saving parameters not supported'],
  invalidMessage: [0x5, 0x49, 0x00, 'invalid message error'],
  insufficientRegistrationResources: [0x5, 0x55, 0x04, 'insufficient registration resources'],
  powerOnOrReset: [0x6, 0x29, 0x00, 'power on, reset, or bus device reset occurred'],
  unitReset: [0x6, 0x29, 0x03, 'bus device reset function occurred'],
  nexusLossOccurred: [0x6, 0x29, 0x07, 'I_T nexus loss occurred'],
  modeParametersChanged: [0x6, 0x2a, 0x01, 'mode parameters changed'],
  reservationsPreempted: [0x6, 0x2a, 0x03, 'reservations preempted'],
  reservationsReleased: [0x6, 0x2a, 0x04, 'reservations released'],
  registrationsPreempted: [0x6, 0x2a, 0x05, 'registrations preempted'],
  accessStateChanged: [0x6, 0x2a, 0x06, 'asymmetric access state changed'],
  capacityChanged: [0x6, 0x2a, 0x09, 'capacity data has changed'],
  spaceThresholdReached: [0x6, 0x38, 0x07, 'thin provisioning soft threshold reached'],
  commandsCleared: [0x6, 0x2f, 0x00, 'commands cleared by another initiator'],
  writeProtected: [0x7, 0x27, 0x00, 'write protected'],
  softwareWriteProtected: [0x7, 0x27, 0x02, 'logical unit software write protected'],
  spaceAllocationFailed: [0x7, 0x27, 0x07, 'space allocation failed write protect'],
  miscompare: [0xe, 0x1d, 0x00, 'miscompare during verify operation'],
} as const satisfies Record<string, readonly [number, number, number, string]>;
type Outcome = keyof typeof outcomes;

function plain(outcome: Outcome): () => Sense {
  const [key, asc, ascq] = outcomes[outcome];
  const made: Sense = Object.freeze({ key, asc, ascq, information: null });
  return () => made;
}

/** One function per outcome. `sense.miscompare(offset)` alone takes an argument: the byte that differs. */
export const sense = {
  noSense: plain('noSense'),
  notReadyTransitioning: plain('notReadyTransitioning'),
  notReadyUnavailable: plain('notReadyUnavailable'),
  writeError: plain('writeError'),
  unrecoveredReadError: plain('unrecoveredReadError'),
  internalTargetFailure: plain('internalTargetFailure'),
  parameterListLengthError: plain('parameterListLengthError'),
  invalidOperationCode: plain('invalidOperationCode'),
  lbaOutOfRange: plain('lbaOutOfRange'),
  invalidFieldInCdb: plain('invalidFieldInCdb'),
  unitNotSupported: plain('unitNotSupported'),
  invalidFieldInParameterList: plain('invalidFieldInParameterList'),
  invalidReleaseOfReservation: plain('invalidReleaseOfReservation'),
  savingNotSupported: plain('savingNotSupported'),
  invalidMessage: plain('invalidMessage'),
  insufficientRegistrationResources: plain('insufficientRegistrationResources'),
  powerOnOrReset: plain('powerOnOrReset'),
  unitReset: plain('unitReset'),
  nexusLossOccurred: plain('nexusLossOccurred'),
  modeParametersChanged: plain('modeParametersChanged'),
  reservationsPreempted: plain('reservationsPreempted'),
  reservationsReleased: plain('reservationsReleased'),
  registrationsPreempted: plain('registrationsPreempted'),
  accessStateChanged: plain('accessStateChanged'),
  capacityChanged: plain('capacityChanged'),
  spaceThresholdReached: plain('spaceThresholdReached'),
  commandsCleared: plain('commandsCleared'),
  writeProtected: plain('writeProtected'),
  softwareWriteProtected: plain('softwareWriteProtected'),
  spaceAllocationFailed: plain('spaceAllocationFailed'),
  /** SBC-3 5.2: INFORMATION is the offset of the first byte that differs. */
  miscompare: (offset: number | null): Sense => ({ ...plain('miscompare')(), information: offset }),
} as const satisfies Record<Outcome, (offset: number | null) => Sense>;

const words = new Map<number, string>(
  Object.values(outcomes).map(([, asc, ascq, text]) => [(asc << 8) | ascq, text]),
);

/** '05/21/00 logical block address out of range', for logs. */
export function senseText(sense: Sense): string {
  const code = [sense.key, sense.asc, sense.ascq].map((byte) => byte.toString(16).padStart(2, '0')).join('/');
  const text = words.get((sense.asc << 8) | sense.ascq);
  return text === undefined ? code : `${code} ${text}`;
}
