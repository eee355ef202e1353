/** The mode pages of our units (SPC-4 7.5, SBC-3 6.5): bytes as MODE SENSE gives them, header of the page included. */
import { putU32, u8, u16 } from './bytes.ts';

/** A page by its code and subpage code: `code | subpage << 8`. */
const ModePage = {
  readWriteErrorRecovery: 0x01,
  caching: 0x08,
  control: 0x0a,
  informationalExceptions: 0x1c,
  logicalBlockProvisioning: 0x021c,
} as const;

/** PAGE CODE of MODE SENSE for all of them, and SUBPAGE CODE for the page itself, or for it and its subpages (SPC-4 6.11.1). */
export const ALL_PAGES = 0x3f;
export const Subpage = { none: 0x00, all: 0xff } as const;

/** PAGE CONTROL of MODE SENSE (SPC-4 6.11.1). */
export const PageControl = { current: 0, changeable: 1, defaults: 2, saved: 3 } as const;

/** Of byte 0: the page can be saved, there is a subpage code. */
const PS = 0x80;
const SPF = 0x40;

/** What can be changed in our pages: a bit each. */
const bits = {
  /** LBPERE: a threshold of provisioning resources is told. */
  provisioningReporting: { page: ModePage.readWriteErrorRecovery, at: 7, mask: 0x80 },
  /** WCE: writes may be acknowledged before they are durable. */
  writeCacheEnabled: { page: ModePage.caching, at: 2, mask: 0x04 },
  /** D_SENSE: sense data in descriptor format. */
  descriptorSense: { page: ModePage.control, at: 2, mask: 0x04 },
  /** SWP: the medium is not to be written. */
  softwareWriteProtect: { page: ModePage.control, at: 4, mask: 0x08 },
  /** TAS: a command that another I_T nexus aborts ends with TASK ABORTED. */
  taskAbortedStatus: { page: ModePage.control, at: 5, mask: 0x40 },
} as const;

export type ModeName = keyof typeof bits;
export type ModeValues = Readonly<Record<ModeName, boolean>>;

export const modeNames = Object.keys(bits) as ModeName[];

const AWRE_ARRE = 0xc0;
const GLTSD = 0x02;
/** Of a threshold descriptor (SBC-3 6.5.9): ENABLED, soft, armed to be told when the resource decreases; AVAILABLE LBA MAPPING RESOURCE. */
const ENABLED_SOFT_DECREASING = 0x82;
const AVAILABLE_RESOURCE = 0x01;

/** What stands behind the header of each page, apart from what can be changed. */
export type ModeContents = ReadonlyMap<number, readonly number[]>;

/**
 * Of a unit with that threshold, in threshold sets, or without one. Control (SPC-4 7.5.8): one task set; no log parameters are saved (GLTSD);
 * restricted reordering, which the conflict table keeps; no busy timeout and no self-test to tell of. Informational exceptions: none are reported (MRIE 0).
 */
export function modeContents(threshold: number | null): ModeContents {
  const contents = new Map<number, readonly number[]>([
    [ModePage.readWriteErrorRecovery, [AWRE_ARRE, ...zeroes(9)]],
    [ModePage.caching, zeroes(18)],
    [ModePage.control, [GLTSD, ...zeroes(9)]],
    [ModePage.informationalExceptions, zeroes(10)],
  ]);
  if (threshold !== null) {
    const count = new Uint8Array(4);
    putU32(count, 0, threshold);
    // SITUA 0: every initiator is told.
    const descriptor = [ENABLED_SOFT_DECREASING, AVAILABLE_RESOURCE, 0, 0, ...count];
    contents.set(ModePage.logicalBlockProvisioning, [...zeroes(12), ...descriptor]);
  }
  return contents;
}

/** Whether the page has one of these in it. */
export function isPageOf(page: number, names: ReadonlySet<ModeName>): boolean {
  return modeNames.some((name) => names.has(name) && bits[name].page === page);
}

/** The page with these values, or null. `canSave`: PS. */
export function encodeModePage(
  contents: ModeContents,
  page: number,
  values: ModeValues,
  canSave: boolean,
): Uint8Array | null {
  return encode(page, contents.get(page), values, canSave);
}

/** The page as the mask of what can be changed, with the bits of these names. */
export function encodeModeMask(
  contents: ModeContents,
  page: number,
  changeable: ReadonlySet<ModeName>,
  canSave: boolean,
): Uint8Array | null {
  const mask = Object.fromEntries(modeNames.map((name) => [name, changeable.has(name)]));
  const nothing = contents.get(page)?.map(() => 0);
  return encode(page, nothing, mask as ModeValues, canSave);
}

/** The values with those of a whole page in their place. */
export function decodeModePage(bytes: Uint8Array, values: ModeValues): ModeValues {
  const read = modeNames.map((name) => {
    const { page, at, mask } = bits[name];
    return [name, page === modePageOf(bytes) ? (u8(bytes, at) & mask) !== 0 : values[name]];
  });
  return Object.fromEntries(read) as ModeValues;
}

/** Which page MODE SELECT brought. PS is reserved there: initiators send it as MODE SENSE gave it. */
export function modePageOf(bytes: Uint8Array): number {
  const code = u8(bytes, 0) & ALL_PAGES;
  return (u8(bytes, 0) & SPF) === 0 ? code : code | (u8(bytes, 1) << 8);
}

/** A list of pages without header. Null: it ends in the middle of one. */
export function splitModePages(bytes: Uint8Array): readonly Uint8Array[] | null {
  const pages: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const hasSubpage = (u8(bytes, at) & SPF) !== 0;
    const headerLength = hasSubpage ? 4 : 2;
    if (at + headerLength > bytes.length) return null;
    const end = at + headerLength + (hasSubpage ? u16(bytes, at + 2) : u8(bytes, at + 1));
    if (end > bytes.length) return null;
    pages.push(bytes.subarray(at, end));
    at = end;
  }
  return pages;
}

function encode(
  page: number,
  contents: readonly number[] | undefined,
  values: ModeValues,
  canSave: boolean,
): Uint8Array | null {
  if (contents === undefined) return null;
  const { length } = contents;
  const subpage = page >> 8;
  const code = (page & ALL_PAGES) | (canSave ? PS : 0);
  const header = subpage === 0 ? [code, length] : [code | SPF, subpage, length >> 8, length];
  const bytes = Uint8Array.of(...header, ...contents);
  for (const name of modeNames) {
    const bit = bits[name];
    if (bit.page === page && values[name]) bytes[bit.at] = u8(bytes, bit.at) | bit.mask;
  }
  return bytes;
}

function zeroes(length: number): number[] {
  return Array<number>(length).fill(0);
}
