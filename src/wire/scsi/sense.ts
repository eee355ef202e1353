/** Sense data as the core passes it: sense key, additional code and qualifier, and optional information. */
export interface Sense {
  readonly key: number;
  readonly asc: number;
  readonly ascq: number;
  /** INFORMATION field (e.g. offset of a miscompare), or null. */
  readonly information: number | null;
  /** SENSE KEY SPECIFIC (4.5.2.4), its three bytes as a number with SKSV set; absent where there is nothing to say. */
  readonly specific?: number;
  /** For EXTENDED COPY: where it was when it ended. */
  readonly copy?: CopyPlace;
}

/** What the sense data of a third-party copy tells beside the code (SPC-4 5.17.7.4). */
export interface CopyPlace {
  /** COMMAND-SPECIFIC INFORMATION: the number of the segment. */
  readonly segment: number;
  /** FIELD POINTER into the parameter data, or null. */
  readonly pointer: number | null;
  /** What a unit has answered, or null. */
  readonly forwarded: {
    readonly by: 'source' | 'destination';
    readonly status: number;
    readonly sense: Sense | null;
  } | null;
}

/** Sense key, additional sense code and qualifier, and its words (SPC-4 table of codes, and of 4.5.6 keys). */
const outcomes = {
  noSense: [0x0, 0x00, 0x00, 'no additional sense information'],
  notReadyTransitioning: [0x2, 0x04, 0x0a, 'not accessible, asymmetric access state transition'],
  notReadyUnavailable: [0x2, 0x04, 0x0c, 'not accessible, target port in unavailable state'],
  writeError: [0x3, 0x0c, 0x00, 'write error'],
  unrecoveredReadError: [0x3, 0x11, 0x00, 'unrecovered read error'],
  internalTargetFailure: [0x4, 0x44, 0x00, 'internal target failure'],
  operationInProgress: [0x5, 0x00, 0x16, 'operation in progress'],
  parameterListLengthError: [0x5, 0x1a, 0x00, 'parameter list length error'],
  invalidOperationCode: [0x5, 0x20, 0x00, 'invalid command operation code'],
  lbaOutOfRange: [0x5, 0x21, 0x00, 'logical block address out of range'],
  unsupportedTokenType: [0x5, 0x23, 0x01, 'invalid token operation, unsupported token type'],
  tokenUnknown: [0x5, 0x23, 0x04, 'invalid token operation, token unknown'],
  tokenCorrupt: [0x5, 0x23, 0x05, 'invalid token operation, token corrupt'],
  tokenExpired: [0x5, 0x23, 0x07, 'invalid token operation, token expired'],
  tokenCancelled: [0x5, 0x23, 0x08, 'invalid token operation, token cancelled'],
  invalidTokenLength: [0x5, 0x23, 0x0a, 'invalid token operation, invalid token length'],
  invalidFieldInCdb: [0x5, 0x24, 0x00, 'invalid field in CDB'],
  unitNotSupported: [0x5, 0x25, 0x00, 'logical unit not supported'],
  invalidFieldInParameterList: [0x5, 0x26, 0x00, 'invalid field in parameter list'],
  invalidReleaseOfReservation: [0x5, 0x26, 0x04, 'invalid release of persistent reservation'],
  tooManyTargetDescriptors: [0x5, 0x26, 0x06, 'too many target descriptors'],
  unsupportedTargetDescriptor: [0x5, 0x26, 0x07, 'unsupported target descriptor type code'],
  tooManySegmentDescriptors: [0x5, 0x26, 0x08, 'too many segment descriptors'],
  unsupportedSegmentDescriptor: [0x5, 0x26, 0x09, 'unsupported segment descriptor type code'],
  inlineDataLengthExceeded: [0x5, 0x26, 0x0b, 'inline data length exceeded'],
  savingNotSupported: [0x5, 0x39, 0x00, 'saving parameters not supported'],
  invalidMessage: [0x5, 0x49, 0x00, 'invalid message error'],
  insufficientRegistrationResources: [0x5, 0x55, 0x04, 'insufficient registration resources'],
  insufficientRodResources: [0x5, 0x55, 0x0c, 'insufficient resources to create ROD'],
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
  inquiryDataChanged: [0x6, 0x3f, 0x03, 'inquiry data has changed'],
  deviceIdentifierChanged: [0x6, 0x3f, 0x05, 'device identifier changed'],
  commandsCleared: [0x6, 0x2f, 0x00, 'commands cleared by another initiator'],
  writeProtected: [0x7, 0x27, 0x00, 'write protected'],
  softwareWriteProtected: [0x7, 0x27, 0x02, 'logical unit software write protected'],
  spaceAllocationFailed: [0x7, 0x27, 0x07, 'space allocation failed write protect'],
  unreachableCopyTarget: [0xa, 0x08, 0x04, 'unreachable copy target'],
  thirdPartyDeviceFailure: [0xa, 0x0d, 0x01, 'third party device failure'],
  copyTargetNotReachable: [0xa, 0x0d, 0x02, 'copy target device not reachable'],
  copyTargetUnderrun: [0xa, 0x0d, 0x04, 'copy target device data underrun'],
  incorrectCopyTargetType: [0xa, 0x0d, 0x03, 'incorrect copy target device type'],
  unexpectedInexactSegment: [0xa, 0x26, 0x0a, 'unexpected inexact segment'],
  copyTimedOut: [0xa, 0x2e, 0x02, 'command timeout during processing'],
  copyCleared: [0xa, 0x2f, 0x02, 'commands cleared by device server'],
  miscompare: [0xe, 0x1d, 0x00, 'miscompare during verify operation'],
  extendedCopyInformation: [0xf, 0x00, 0x20, 'extended copy information available'],
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
  inquiryDataChanged: plain('inquiryDataChanged'),
  deviceIdentifierChanged: plain('deviceIdentifierChanged'),
  commandsCleared: plain('commandsCleared'),
  writeProtected: plain('writeProtected'),
  softwareWriteProtected: plain('softwareWriteProtected'),
  spaceAllocationFailed: plain('spaceAllocationFailed'),
  operationInProgress: plain('operationInProgress'),
  tooManyTargetDescriptors: plain('tooManyTargetDescriptors'),
  unsupportedTargetDescriptor: plain('unsupportedTargetDescriptor'),
  tooManySegmentDescriptors: plain('tooManySegmentDescriptors'),
  unsupportedSegmentDescriptor: plain('unsupportedSegmentDescriptor'),
  inlineDataLengthExceeded: plain('inlineDataLengthExceeded'),
  unreachableCopyTarget: plain('unreachableCopyTarget'),
  thirdPartyDeviceFailure: plain('thirdPartyDeviceFailure'),
  copyTargetNotReachable: plain('copyTargetNotReachable'),
  incorrectCopyTargetType: plain('incorrectCopyTargetType'),
  unexpectedInexactSegment: plain('unexpectedInexactSegment'),
  copyTimedOut: plain('copyTimedOut'),
  copyCleared: plain('copyCleared'),
  extendedCopyInformation: plain('extendedCopyInformation'),
  unsupportedTokenType: plain('unsupportedTokenType'),
  tokenUnknown: plain('tokenUnknown'),
  tokenCorrupt: plain('tokenCorrupt'),
  tokenExpired: plain('tokenExpired'),
  tokenCancelled: plain('tokenCancelled'),
  invalidTokenLength: plain('invalidTokenLength'),
  insufficientRodResources: plain('insufficientRodResources'),
  copyTargetUnderrun: plain('copyTargetUnderrun'),
  /** SBC-3 5.2: INFORMATION is the offset of the first byte that differs. */
  miscompare: (offset: number | null): Sense => ({ ...plain('miscompare')(), information: offset }),
} as const satisfies Record<Outcome, (offset: number | null) => Sense>;

/** Sense key specific data are valid, a field pointer of the CDB, with a valid BIT POINTER. */
const SKSV = 0x80_0000;
const COMMAND = 0x40_0000;
const BPV = 0x08_0000;

/**
 * Names the field of the CDB that is wrong (SPC-4 4.5.2.4.2): its first byte, and of a field that is less than a byte, its
 * highest bit.
 */
export function atCdbField(sense: Sense, byte: number, bit: number | null = null): Sense {
  const pointer = bit === null ? 0 : BPV | (bit << 16);
  return { ...sense, specific: SKSV | COMMAND | pointer | byte };
}

const words = new Map<number, string>(
  Object.values(outcomes).map(([, asc, ascq, text]) => [(asc << 8) | ascq, text]),
);

/** '05/21/00 logical block address out of range', for logs. */
export function senseText(sense: Sense): string {
  const code = [sense.key, sense.asc, sense.ascq].map((byte) => byte.toString(16).padStart(2, '0')).join('/');
  const text = words.get((sense.asc << 8) | sense.ascq);
  return text === undefined ? code : `${code} ${text}`;
}
