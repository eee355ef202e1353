/** Supported VPD Pages, 00h (SPC-4 7.8.14): ascending page codes. */
import { newVpdPage, VPD_HEADER_LENGTH, VpdPage } from './page.ts';

export function encodeSupportedPages(): Uint8Array {
  const codes = Object.values(VpdPage).sort((a, b) => a - b);
  const bytes = newVpdPage(VpdPage.supportedPages, codes.length);
  bytes.set(codes, VPD_HEADER_LENGTH);
  return bytes;
}
