/**
 * HELLO and WELCOME, judged (docs/interconnect.md section 3): who the other side is, and what the link will be.
 * Pure: records in, verdict out.
 */
import { LinkLimits } from '../../limits.ts';
import type { Hello } from '../../wire/interconnect/hello.ts';
import { RefuseReason } from '../../wire/interconnect/refuse.ts';

/** The protocol versions that a system speaks: this release's, and the one before it. */
export const ProtocolVersions = { lowest: 1, highest: 2 } as const;

/** What a system says of itself in every handshake. */
export interface LocalSystem {
  readonly cluster: string;
  readonly name: string;
  /** 16 hexadecimal digits, new with every start. */
  readonly incarnation: string;
}

/** What both sides know once the handshake is over. */
export interface LinkTerms {
  readonly partner: string;
  /** The highest protocol version that both speak. */
  readonly version: number;
  /** Of the partner's process. */
  readonly incarnation: string;
  readonly generation: number;
  readonly checksums: boolean;
  /** What the partner, as owner, takes. */
  readonly unsolicitedCredit: number;
  readonly exchangeLimit: number;
}

export type Verdict =
  | { readonly kind: 'agreed'; readonly terms: LinkTerms }
  | { readonly kind: 'refused'; readonly reason: number; readonly text: string };

/** `generation`: 0 in a HELLO, the link's in a WELCOME. `version`: the one chosen, in a WELCOME; null in a HELLO. */
export function makeHello(
  self: LocalSystem,
  partner: string,
  generation: number,
  wantsChecksums: boolean,
  version: number | null = null,
): Hello {
  return {
    lowestVersion: version ?? ProtocolVersions.lowest,
    highestVersion: version ?? ProtocolVersions.highest,
    incarnation: self.incarnation,
    generation,
    unsolicitedCredit: LinkLimits.dataOutPerLink,
    exchangeLimit: LinkLimits.maxExchanges,
    wantsChecksums,
    cluster: self.cluster,
    system: self.name,
    partner,
  };
}

/**
 * Judges the partner's HELLO or WELCOME. `expected`: the systems it may be. `generation`: the one given by us
 * (accepting), or null to take the one in the record (dialing). `provenPeer`: who the transport has shown it to be.
 */
export function judgeHello(
  hello: Hello | null,
  self: LocalSystem,
  expected: ReadonlySet<string>,
  generation: number | null,
  wantsChecksums: boolean,
  provenPeer: string | null,
): Verdict {
  if (hello === null) return refused(RefuseReason.malformed, 'not a greeting of this protocol');
  if (provenPeer !== null && hello.system !== provenPeer) {
    return refused(RefuseReason.otherIdentity, `${provenPeer}, by its key, says that it is ${hello.system}`);
  }
  if (hello.cluster !== self.cluster) {
    return refused(RefuseReason.otherCluster, `this is cluster ${self.cluster}, not ${hello.cluster}`);
  }
  if (hello.partner !== self.name) {
    return refused(RefuseReason.notTheOneMeant, `this is ${self.name}, not ${hello.partner}`);
  }
  if (!expected.has(hello.system)) {
    return refused(RefuseReason.unknownSystem, `${hello.system} is not a partner of ${self.name}`);
  }
  const { lowest, highest } = ProtocolVersions;
  const version = Math.min(hello.highestVersion, highest);
  if (version < Math.max(hello.lowestVersion, lowest)) {
    return refused(
      RefuseReason.version,
      `${self.name} speaks versions ${lowest} to ${highest}, ${hello.system} ${hello.lowestVersion} to ${hello.highestVersion}`,
    );
  }
  const agreed = generation ?? hello.generation;
  if (hello.exchangeLimit === 0 || agreed === 0)
    return refused(RefuseReason.malformed, 'a number out of its bounds');
  return {
    kind: 'agreed',
    terms: {
      partner: hello.system,
      version,
      incarnation: hello.incarnation,
      generation: agreed,
      checksums: wantsChecksums || hello.wantsChecksums,
      unsolicitedCredit: hello.unsolicitedCredit,
      exchangeLimit: Math.min(hello.exchangeLimit, LinkLimits.maxExchanges),
    },
  };
}

function refused(reason: number, text: string): Verdict {
  return { kind: 'refused', reason, text };
}
