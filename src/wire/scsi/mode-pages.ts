/** The mode pages of our units (SPC-4 7.5, SBC-3 6.5): bytes as MODE SENSE gives them, header of the page included. */
import { u8 } from './bytes.ts';

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

/** Of byte 0: the page can be saved, there is a subpage code. */
const PS = 0x80;
const SPF = 0x40;

/** What can be changed in our pages: a bit each. */
const bits = {
  /** WCE: writes may be acknowledged before they are durable. */
  writeCacheEnabled: { code: ModePageCode.caching, at: 2, mask: 0x04 },
  /** D_SENSE: sense data in descriptor format. */
  descriptorSense: { code: ModePageCode.control, at: 2, mask: 0x04 },
  /** SWP: the medium is not to be written. */
  softwareWriteProtect: { code: ModePageCode.control, at: 4, mask: 0x08 },
  /** TAS: a command that another I_T nexus aborts ends with TASK ABORTED. */
  taskAbortedStatus: { code: ModePageCode.control, at: 5, mask: 0x40 },
} as const;

export type ModeName = keyof typeof bits;
export type ModeValues = Readonly<Record<ModeName, boolean>>;

export const modeNames = Object.keys(bits) as ModeName[];

const AWRE_ARRE = 0xc0;
const GLTSD = 0x02;

/**
 * What is the same in every unit, from byte 2 on. Control (SPC-4 7.5.8): one task set; no log parameters are saved (GLTSD); restricted reordering, which
 * the conflict table keeps; no busy timeout and no self-test to tell of. Informational exceptions: none are reported (MRIE 0).
 */
const fixed: ReadonlyMap<number, readonly number[]> = new Map([
  [ModePageCode.readWriteErrorRecovery, [AWRE_ARRE, ...zeroes(9)]],
  [ModePageCode.caching, zeroes(18)],
  [ModePageCode.control, [GLTSD, ...zeroes(9)]],
  [ModePageCode.informationalExceptions, zeroes(10)],
]);

/** All of them, ascending. */
export const modePageCodes: readonly number[] = [...fixed.keys()];

/** Those with something in them that can be changed. */
export const changeablePageCodes: readonly number[] = modePageCodes.filter((code) =>
  modeNames.some((name) => bits[name].code === code),
);

/** The page of that code with these values, or null. `canSave`: whether the unit can save what can be changed. */
export function encodeModePage(code: number, values: ModeValues, canSave: boolean): Uint8Array | null {
  return encode(code, fixed.get(code), values, canSave);
}

/** The page as the mask of what can be changed, with the bits of these names. */
export function encodeModeMask(
  code: number,
  changeable: ReadonlySet<ModeName>,
  canSave: boolean,
): Uint8Array | null {
  const mask = Object.fromEntries(modeNames.map((name) => [name, changeable.has(name)]));
  return encode(
    code,
    fixed.get(code)?.map(() => 0),
    mask as ModeValues,
    canSave,
  );
}

/** The values with those of a whole page, of one of our codes, in their place. */
export function decodeModePage(page: Uint8Array, values: ModeValues): ModeValues {
  const read = modeNames.map((name) => {
    const { code, at, mask } = bits[name];
    return [name, code === modePageKey(page) ? (u8(page, at) & mask) !== 0 : values[name]];
  });
  return Object.fromEntries(read) as ModeValues;
}

/** The code of a page that MODE SELECT brought, where PS is reserved: initiators send it as MODE SENSE gave it. With SPF it is none of ours. */
export function modePageKey(page: Uint8Array): number {
  return u8(page, 0) & ~PS;
}

/** A list of pages without header. Null: it ends in the middle of one. */
export function splitModePages(bytes: Uint8Array): readonly Uint8Array[] | null {
  const pages: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const hasSubpage = (u8(bytes, at) & SPF) !== 0;
    const headerLength = hasSubpage ? 4 : 2;
    if (at + headerLength > bytes.length) return null;
    const length = hasSubpage ? (u8(bytes, at + 2) << 8) | u8(bytes, at + 3) : u8(bytes, at + 1);
    const end = at + headerLength + length;
    if (end > bytes.length) return null;
    pages.push(bytes.subarray(at, end));
    at = end;
  }
  return pages;
}

function encode(
  code: number,
  contents: readonly number[] | undefined,
  values: ModeValues,
  canSave: boolean,
): Uint8Array | null {
  if (contents === undefined) return null;
  const saveable = canSave && changeablePageCodes.includes(code);
  const bytes = Uint8Array.of(saveable ? code | PS : code, contents.length, ...contents);
  for (const name of modeNames) {
    const { code: itsCode, at, mask } = bits[name];
    if (itsCode === code && values[name]) bytes[at] = u8(bytes, at) | mask;
  }
  return bytes;
}

function zeroes(length: number): number[] {
  return Array<number>(length).fill(0);
}
