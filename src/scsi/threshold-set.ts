/** Threshold sets (SBC-3 4.7.3.7): what the counts of provisioning resources count. */
import type { UnitIdentity } from './unit-identity.ts';

/** Bytes; of every unit, whatever its blocks. */
export const THRESHOLD_SET_LENGTH = 1 << 20;

/** Only a thin unit has thresholds and counts, and only where its medium tells what is used and free. */
export function countsResources({ thinlyProvisioned, reportsSpace }: UnitIdentity): boolean {
  return thinlyProvisioned && reportsSpace;
}

/** THRESHOLD EXPONENT of VPD page B2h: a set has 2^n blocks; 0: there are no thresholds. */
export function thresholdExponent(unit: UnitIdentity): number {
  return countsResources(unit) ? Math.log2(THRESHOLD_SET_LENGTH / unit.blockLength) : 0;
}

/** The threshold, in sets, for so many free bytes; null: there is none. */
export function thresholdOf(unit: UnitIdentity, lowSpace: number | null): number | null {
  return lowSpace === null || !countsResources(unit) ? null : Math.ceil(lowSpace / THRESHOLD_SET_LENGTH);
}
