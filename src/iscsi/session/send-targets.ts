/** The SendTargets key (RFC 7143 Appendix C). */
import { IscsiLimits } from '../../limits.ts';
import type { TargetPort } from '../../scsi/target-port.ts';
import { decodeText, encodeText } from '../../wire/iscsi/text.ts';
import { normalName } from '../login/iscsi-name.ts';
import { declareSegmentLength, isLoginKey, NOT_UNDERSTOOD, REJECT } from '../login/negotiation.ts';
import type { Declared } from '../login/parameters.ts';
import type { DiscoveredTarget } from '../portal/discovery.ts';

export interface TextContext {
  /** The port of a normal session; null: a discovery session. */
  readonly port: TargetPort | null;
  targets(): readonly DiscoveredTarget[];
}

const TEXT_LIMITS = {
  maxKeyBytes: IscsiLimits.maxTextKeyBytes,
  maxValueBytes: IscsiLimits.maxTextValueBytes,
  maxKeys: IscsiLimits.maxTextKeys,
};

/** The answer to a whole text of the full feature phase, or null where the text is malformed. Changes `declared`. */
export function answerText(text: Uint8Array, context: TextContext, declared: Declared): Uint8Array | null {
  const decoded = decodeText(text, TEXT_LIMITS);
  if (!decoded.ok) return null;
  const answers: [string, string][] = [];
  for (const [key, value] of decoded.keys) {
    if (key === 'SendTargets') answers.push(...sendTargets(value, context));
    else {
      const answer = otherKey(key, value, declared);
      if (answer !== null) answers.push([key, answer]);
    }
  }
  return encodeText(answers);
}

/** Of all keys, these alone may be used outside login by an initiator (RFC 7143 13: "Use: ALL, FFPO"). */
function otherKey(key: string, value: string, declared: Declared): string | null {
  switch (key) {
    case 'MaxRecvDataSegmentLength':
      return declareSegmentLength(value, declared);
    case 'InitiatorAlias':
      return null;
    default:
      return isLoginKey(key) ? REJECT : NOT_UNDERSTOOD;
  }
}

/** All is for discovery sessions, the empty value for normal ones, which hear of their own target only. */
function sendTargets(value: string, context: TextContext): [string, string][] {
  const own = context.port === null ? null : normalName(context.port.targetName);
  const all = value === 'All';
  if (all && own !== null) return [['SendTargets', REJECT]];
  const wanted = value === '' ? own : normalName(value);
  const pairs: [string, string][] = [];
  for (const target of context.targets()) {
    const name = normalName(target.targetName);
    if ((!all && name !== wanted) || (own !== null && name !== own)) continue;
    pairs.push(['TargetName', target.targetName]);
    for (const { address, portalGroupTag } of target.portals) {
      pairs.push(['TargetAddress', `${address},${portalGroupTag}`]);
    }
  }
  return pairs;
}
