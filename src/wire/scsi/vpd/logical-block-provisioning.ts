/** Logical Block Provisioning, B2h (SBC-3 6.6.5). */
import { newVpdPage, VpdPage } from './page.ts';

/** LBPU, LBPWS and LBPWS10: UNMAP, and WRITE SAME (16) and (10) with UNMAP. LBPRZ: unmapped blocks read as zeroes. */
const LBPU_LBPWS_LBPWS10_LBPRZ = 0xe4;
const THIN = 0x02;

/**
 * `thin`: else fully provisioned, which is PROVISIONING TYPE 0, and none of the commands. `thresholdExponent`: a threshold set
 * has 2^n blocks; 0: there are no thresholds.
 */
export function encodeLogicalBlockProvisioning(thin: boolean, thresholdExponent: number): Uint8Array {
  const bytes = newVpdPage(VpdPage.logicalBlockProvisioning, 4);
  bytes[4] = thresholdExponent;
  if (!thin) return bytes;
  bytes[5] = LBPU_LBPWS_LBPWS10_LBPRZ;
  bytes[6] = THIN;
  return bytes;
}
