/** Every key that an initiator may offer (RFC 7143 13), and what the target makes of it. */
import { IscsiLimits } from '../../limits.ts';
import type { TextKeys } from '../../wire/iscsi/text.ts';
import { isSecurityKey } from './authentication.ts';
import { parseBoolean, parseNumberWithin } from './key-values.ts';
import type { Declared, Parameters } from './parameters.ts';

export const REJECT = 'Reject';
const IRRELEVANT = 'Irrelevant';
export const NOT_UNDERSTOOD = 'NotUnderstood';

interface Key {
  /** What a discovery session has no use for (RFC 7143 13: "Irrelevant when: SessionType=Discovery"). */
  readonly normalSessionOnly: boolean;
  /** Agreed on once for the session, by its first connection (RFC 7143 13: "Use: LO"). */
  readonly leadingOnly: boolean;
  /** The value to answer with, or null for a key that is declared and not answered. */
  readonly accept: (value: string, into: Parameters) => string | null;
}

/** Who waits for longer than commands are held for him can't take them up. */
function highestLevel({ time2Wait }: Parameters): number {
  return time2Wait > IscsiLimits.time2WaitSeconds ? 1 : 2;
}

/** 13.19: with sequences in order only the last R2T can be sent again, and so there may be one at a time. */
function retriesLastOnly({ errorRecoveryLevel, dataSequenceInOrder }: Parameters): boolean {
  return errorRecoveryLevel > 0 && dataSequenceInOrder;
}

/** Others depend on what these come to. */
const FIRST = ['DataSequenceInOrder', 'DefaultTime2Wait', 'ErrorRecoveryLevel'];

/** The keys of one text, in the order in which they are to be negotiated. */
export function* inOrderOfDependence(offered: TextKeys): Generator<readonly [string, string]> {
  for (const key of FIRST) {
    const value = offered.get(key);
    if (value !== undefined) yield [key, value];
  }
  for (const pair of offered) if (!FIRST.includes(pair[0])) yield pair;
}

/** 2^24 - 1: what DataSegmentLength can say. */
const LONGEST_SEGMENT = 0xffffff;

const keys = new Map<string, Key>([
  ['HeaderDigest', always((value, into) => digest(value, (on) => (into.headerDigest = on)))],
  ['DataDigest', always((value, into) => digest(value, (on) => (into.dataDigest = on)))],
  [
    'MaxConnections',
    normal((value, into) =>
      number(value, 1, 65_535, (offer) => {
        into.maxConnections = Math.min(offer, IscsiLimits.connectionsPerSession);
        return into.maxConnections;
      }),
    ),
  ],
  ['InitialR2T', normal((value, into) => boolean(value, (offer) => (into.initialR2T = offer)))],
  ['ImmediateData', normal((value, into) => boolean(value, (offer) => (into.immediateData = offer)))],
  ['MaxRecvDataSegmentLength', always(declareSegmentLength)],
  [
    'MaxBurstLength',
    normal((value, into) =>
      number(value, 512, LONGEST_SEGMENT, (offer) => {
        const { maxBurstLength, recoverableBurstLength } = IscsiLimits;
        into.maxBurstLength = Math.min(
          offer,
          into.errorRecoveryLevel > 0 ? recoverableBurstLength : maxBurstLength,
        );
        return into.maxBurstLength;
      }),
    ),
  ],
  [
    'FirstBurstLength',
    normal((value, into) =>
      number(value, 512, LONGEST_SEGMENT, (offer) => {
        // 13.14: it must not exceed MaxBurstLength.
        into.firstBurstLength = Math.min(offer, IscsiLimits.firstBurstLength, into.maxBurstLength);
        return into.firstBurstLength;
      }),
    ),
  ],
  [
    'DefaultTime2Wait',
    leading((value, into) => {
      const longest = into.errorRecoveryLevel === 2 ? IscsiLimits.time2WaitSeconds : 3600;
      return number(value, 0, longest, (offer) => (into.time2Wait = offer));
    }),
  ],
  [
    'DefaultTime2Retain',
    leading((value, into) =>
      number(value, 0, 3600, (offer) => {
        into.time2Retain =
          into.errorRecoveryLevel === 2 ? Math.min(offer, IscsiLimits.time2RetainSeconds) : 0;
        return into.time2Retain;
      }),
    ),
  ],
  [
    'MaxOutstandingR2T',
    normal((value, into) =>
      number(value, 1, 65_535, (offer) => {
        into.maxOutstandingR2T = retriesLastOnly(into) ? 1 : Math.min(offer, IscsiLimits.maxOutstandingR2T);
        return into.maxOutstandingR2T;
      }),
    ),
  ],
  ['DataPDUInOrder', normal((value, into) => boolean(value, (offer) => (into.dataPduInOrder = offer)))],
  [
    'DataSequenceInOrder',
    normal((value, into) => boolean(value, (offer) => (into.dataSequenceInOrder = offer))),
  ],
  [
    'ErrorRecoveryLevel',
    leading((value, into) =>
      number(value, 0, 2, (offer) => {
        into.errorRecoveryLevel = Math.min(offer, highestLevel(into));
        const bursts = into.maxBurstLength <= IscsiLimits.recoverableBurstLength;
        const one = into.maxOutstandingR2T === 1 || !retriesLastOnly(into);
        if (!bursts || !one) into.errorRecoveryLevel = 0;
        return into.errorRecoveryLevel;
      }),
    ),
  ],
  ['TaskReporting', normal((value) => (offers(value, 'RFC3720') ? 'RFC3720' : REJECT))],
  ['iSCSIProtocolLevel', normal((value) => number(value, 0, 31, (offer) => Math.min(offer, 1)))],
  ['InitiatorName', declared()],
  ['InitiatorAlias', declared()],
  ['TargetName', declared()],
  ['SessionType', declared()],
  // 13.26 and RFC 4850: for whoever keeps an inventory.
  ['X#NodeArchitecture', declared()],
  // Obsolete (RFC 7143 13.25): must not be answered with NotUnderstood.
  ['IFMarker', always(() => REJECT)],
  ['OFMarker', always(() => REJECT)],
  ['IFMarkInt', always(() => REJECT)],
  ['OFMarkInt', always(() => REJECT)],
  // A target's to declare (13.4, 13.7, 13.9), and a text request's, not a login's (13.3).
  ['TargetAlias', always(() => REJECT)],
  ['TargetAddress', always(() => REJECT)],
  ['TargetPortalGroupTag', always(() => REJECT)],
  ['SendTargets', always(() => REJECT)],
]);

/** The answer to one offered key, or null for none. Changes `into` to what was agreed. */
export function negotiate(key: string, value: string, discovery: boolean, into: Parameters): string | null {
  const known = keys.get(key);
  if (known === undefined) return NOT_UNDERSTOOD;
  if (known.normalSessionOnly && discovery) return IRRELEVANT;
  return known.accept(value, into);
}

/** Whether it is a key of ours at all: later it is rejected, and not understood no less. */
export function isLoginKey(key: string): boolean {
  return keys.has(key) || isSecurityKey(key);
}

export function isLeadingOnly(key: string): boolean {
  return keys.get(key)?.leadingOnly ?? false;
}

/** 13.12: each end declares its own, whenever it likes. */
export function declareSegmentLength(value: string, into: Declared): string | null {
  const offer = parseNumberWithin(value, 512, LONGEST_SEGMENT);
  if (offer === null) return REJECT;
  into.maxSendSegmentLength = offer;
  return null;
}

function always(accept: Key['accept']): Key {
  return { normalSessionOnly: false, leadingOnly: false, accept };
}

function normal(accept: Key['accept']): Key {
  return { normalSessionOnly: true, leadingOnly: true, accept };
}

function leading(accept: Key['accept']): Key {
  return { normalSessionOnly: false, leadingOnly: true, accept };
}

function declared(): Key {
  return always(() => null);
}

/** The target takes what the initiator says (InitialR2T, and the two of order, are an OR with our No, ImmediateData an AND with our Yes). */
function boolean(value: string, agree: (offer: boolean) => boolean): string {
  const offer = parseBoolean(value);
  if (offer === null) return REJECT;
  return agree(offer) ? 'Yes' : 'No';
}

function number(value: string, low: number, high: number, agree: (offer: number) => number): string {
  const offer = parseNumberWithin(value, low, high);
  return offer === null ? REJECT : String(agree(offer));
}

/** The first of the initiator's list that we can do (RFC 7143 6.2.1). */
function digest(value: string, agree: (on: boolean) => void): string {
  for (const choice of value.split(',')) {
    if (choice !== 'None' && choice !== 'CRC32C') continue;
    agree(choice === 'CRC32C');
    return choice;
  }
  return REJECT;
}

function offers(list: string, choice: string): boolean {
  return list.split(',').includes(choice);
}
