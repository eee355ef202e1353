/** Extended INQUIRY Data, 86h (SPC-4 7.8.7). */
import { newVpdPage, VpdPage } from './page.ts';

const HEADSUP_ORDSUP_SIMPSUP = 0x07;
/** There is a volatile cache: MODE SELECT turns it on and off (WCE). */
const V_SUP = 0x01;

export function encodeExtendedInquiry(): Uint8Array {
  const bytes = newVpdPage(VpdPage.extendedInquiry, 60);
  bytes[5] = HEADSUP_ORDSUP_SIMPSUP;
  bytes[6] = V_SUP;
  return bytes;
}
