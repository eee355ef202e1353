/**
 * COMPARE AND WRITE (SBC-3 5.2) puts its version in the place of the one that it expected, with nothing between: the
 * two follow each other in the order of the block's versions, and no other follows the same one.
 */
import type { WriteRecord } from './history.ts';
import type { Zone } from './linearizability.ts';

/** Two that replaced the same version, or a miscompare of what was there all the while. `writes`: those that compare. */
export function comparedWrongly(
  writes: readonly WriteRecord[],
  zones: ReadonlyMap<number, Zone>,
): { readonly what: string; readonly zones: readonly Zone[] } | null {
  const replacedBy = new Map<number, Zone>();
  for (const write of writes) {
    const expected = expectedZone(write, zones);
    if (expected === null) continue;
    if (write.miscompared) {
      const heldAllAlong = expected.firstEnd < write.start && write.end < expected.lastStart;
      if (heldAllAlong) return { what: 'a miscompare of what the block held', zones: [expected] };
      continue;
    }
    const zone = zones.get(write.version);
    if (zone === undefined) continue;
    const other = replacedBy.get(expected.version);
    if (other !== undefined) {
      return { what: 'two compared with the same version, and wrote', zones: [expected, other, zone] };
    }
    replacedBy.set(expected.version, zone);
  }
  return null;
}

/** The zones, where those that follow each other by COMPARE AND WRITE are one: nothing else was there between them. */
export function joined(writes: readonly WriteRecord[], zones: ReadonlyMap<number, Zone>): Zone[] {
  const whole = new Map(zones);
  // In the order of their versions: what one expected has been joined to what came before it.
  for (const write of writes) {
    const expected = write.miscompared ? null : expectedZone(write, whole);
    const zone = whole.get(write.version);
    if (expected === null || zone === undefined) continue;
    whole.delete(expected.version);
    whole.set(write.version, {
      ...zone,
      firstEnd: Math.min(expected.firstEnd, zone.firstEnd),
      lastStart: Math.max(expected.lastStart, zone.lastStart),
    });
  }
  return [...whole.values()];
}

function expectedZone({ expected }: WriteRecord, zones: ReadonlyMap<number, Zone>): Zone | null {
  // Zeroes bear no version: whose they were is not known.
  return expected === null || expected === 0 ? null : (zones.get(expected) ?? null);
}
