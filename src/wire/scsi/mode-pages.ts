/** The mode pages of our units (SPC-4 7.5, SBC-3 6.5): bytes as MODE SENSE gives them, header of the page included. */

export const ModePageCode = {
  readWriteErrorRecovery: 0x01,
  caching: 0x08,
  control: 0x0a,
  informationalExceptions: 0x1c,
  all: 0x3f,
} as const;

/** PAGE CONTROL of MODE SENSE (SPC-4 6.11.1). */
export const PageControl = { current: 0, changeable: 1, defaults: 2, saved: 3 } as const;

/** SUBPAGE CODE: the page itself; all pages and subpages. */
export const Subpage = { none: 0x00, all: 0xff } as const;

const WCE = 0x04;
const AWRE_ARRE = 0xc0;

/** What can be changed in our pages, or the current values of it. */
export interface ModeValues {
  readonly writeCacheEnabled: boolean;
}

/** The page of that code, or null. `values`: null for the mask of what can be changed. */
export function encodeModePage(code: number, values: ModeValues | null): Uint8Array | null {
  switch (code) {
    case ModePageCode.readWriteErrorRecovery:
      return page(code, 0x0a, values === null ? 0 : AWRE_ARRE);
    case ModePageCode.caching:
      return page(code, 0x12, values === null || values.writeCacheEnabled ? WCE : 0);
    // One task set, no ACA, QERR and TAS 0, restricted reordering: all zero (SPC-4 7.5.8).
    case ModePageCode.control:
    case ModePageCode.informationalExceptions:
      return page(code, 0x0a, 0);
    default:
      return null;
  }
}

/** All of them, ascending. */
export const modePageCodes: readonly number[] = [
  ModePageCode.readWriteErrorRecovery,
  ModePageCode.caching,
  ModePageCode.control,
  ModePageCode.informationalExceptions,
];

/** Of a caching page that MODE SELECT brought. */
export function writeCacheEnabledIn(cachingPage: Uint8Array): boolean {
  return ((cachingPage[2] ?? 0) & WCE) !== 0;
}

/** Byte 2 is the only one of any of our pages that is not zero. */
function page(code: number, length: number, byte2: number): Uint8Array {
  const bytes = new Uint8Array(2 + length);
  bytes[0] = code;
  bytes[1] = length;
  bytes[2] = byte2;
  return bytes;
}
