/** What the two ends of a session agree on, with the defaults of RFC 7143 13. Lengths in bytes, times in seconds. */
export interface Parameters {
  headerDigest: boolean;
  dataDigest: boolean;
  maxConnections: number;
  initialR2T: boolean;
  immediateData: boolean;
  maxBurstLength: number;
  firstBurstLength: number;
  maxOutstandingR2T: number;
  dataPduInOrder: boolean;
  dataSequenceInOrder: boolean;
  /** The initiator's MaxRecvDataSegmentLength: the longest segment that may be sent to it. */
  maxSendSegmentLength: number;
  /** Our own, as declared: the longest segment that the initiator may send. */
  maxReceiveSegmentLength: number;
  errorRecoveryLevel: number;
  time2Wait: number;
  time2Retain: number;
}

/** What an initiator may declare at any time. */
export type Declared = Pick<Parameters, 'maxSendSegmentLength'>;

/** MaxRecvDataSegmentLength where none was declared (RFC 7143 13.12). */
export const DEFAULT_SEGMENT_LENGTH = 8192;

/** Of another connection of a session: what holds for one connection alone is negotiated anew (13: "Scope: CO"). */
export function joiningParameters(session: Parameters): Parameters {
  const { headerDigest, dataDigest, maxSendSegmentLength, maxReceiveSegmentLength } = defaultParameters();
  return { ...session, headerDigest, dataDigest, maxSendSegmentLength, maxReceiveSegmentLength };
}

export function defaultParameters(): Parameters {
  return {
    headerDigest: false,
    dataDigest: false,
    maxConnections: 1,
    initialR2T: true,
    immediateData: true,
    maxBurstLength: 262_144,
    firstBurstLength: 65_536,
    maxOutstandingR2T: 1,
    dataPduInOrder: true,
    dataSequenceInOrder: true,
    maxSendSegmentLength: DEFAULT_SEGMENT_LENGTH,
    maxReceiveSegmentLength: DEFAULT_SEGMENT_LENGTH,
    errorRecoveryLevel: 0,
    time2Wait: 2,
    time2Retain: 20,
  };
}
