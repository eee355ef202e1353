/** What a target answers to SendTargets (RFC 7143 Appendix C). */

/** A target and its portals, 'host:port,tag' each. */
export interface Discovered {
  readonly targetName: string;
  readonly addresses: readonly string[];
}

export function targetsOf(pairs: Iterable<readonly [string, string]>): Discovered[] {
  const targets: { targetName: string; addresses: string[] }[] = [];
  for (const [key, value] of pairs) {
    if (key === 'TargetName') targets.push({ targetName: value, addresses: [] });
    if (key === 'TargetAddress') targets.at(-1)?.addresses.push(value);
  }
  return targets;
}
