/** Threshold sets (SBC-3 4.7.3.7): what the counts of provisioning resources count. */

/** Bytes; of every unit, whatever its blocks. */
export const THRESHOLD_SET_LENGTH = 1 << 20;

/** THRESHOLD EXPONENT of VPD page B2h: a set has 2^n blocks. */
export function thresholdExponent(blockLength: number): number {
  return Math.log2(THRESHOLD_SET_LENGTH / blockLength);
}
