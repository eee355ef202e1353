/** Mode Page Policy, 87h (SPC-4 7.8.9). */
import { ALL_PAGES, Subpage } from '../mode-pages.ts';
import { newVpdPage, VpdPage } from './page.ts';

const SHARED = 0x00;

/** One descriptor: every page is the unit's own (MLUS is 0), and one for all initiators through all ports. */
export function encodeModePagePolicy(): Uint8Array {
  const bytes = newVpdPage(VpdPage.modePagePolicy, 4);
  bytes[4] = ALL_PAGES;
  bytes[5] = Subpage.all;
  bytes[6] = SHARED;
  return bytes;
}
