/** Mode parameter headers and block descriptors, what MODE SENSE gives and MODE SELECT brings (SPC-4 7.5.5 to 7.5.7, SBC-3 6.5.2). */
import { putU16, putU24, putU32, putU64, u8, u16, u24, u32, u64 } from './bytes.ts';
import { splitModePages } from './mode-pages.ts';

/** DEVICE-SPECIFIC PARAMETER: DPO and FUA are obeyed; the unit is write protected, for whatever reason. */
const DPOFUA = 0x10;
const WP = 0x80;
const LONGLBA = 0x01;

/** The long descriptor is for MODE SENSE (10) with LLBAA. */
export const BlockDescriptor = { none: 0, short: 8, long: 16 } as const;
export type BlockDescriptor = (typeof BlockDescriptor)[keyof typeof BlockDescriptor];

export interface ModeSenseData {
  readonly tenByteHeader: boolean;
  readonly descriptor: BlockDescriptor;
  readonly blockCount: number;
  readonly blockLength: number;
  readonly writeProtected: boolean;
  readonly pages: readonly Uint8Array[];
}

export function encodeModeSense(data: ModeSenseData): Uint8Array {
  const header = data.tenByteHeader ? 8 : 4;
  const start = header + data.descriptor;
  const bytes = new Uint8Array(data.pages.reduce((sum, page) => sum + page.length, start));
  const deviceSpecific = data.writeProtected ? DPOFUA | WP : DPOFUA;
  if (data.tenByteHeader) {
    putU16(bytes, 0, bytes.length - 2);
    bytes[3] = deviceSpecific;
    bytes[4] = data.descriptor === BlockDescriptor.long ? LONGLBA : 0;
    putU16(bytes, 6, data.descriptor);
  } else {
    bytes[0] = bytes.length - 1;
    bytes[2] = deviceSpecific;
    bytes[3] = data.descriptor;
  }
  putBlockDescriptor(bytes, header, data);
  let at = start;
  for (const page of data.pages) {
    bytes.set(page, at);
    at += page.length;
  }
  return bytes;
}

function putBlockDescriptor(bytes: Uint8Array, at: number, data: ModeSenseData): void {
  if (data.descriptor === BlockDescriptor.short) {
    putU32(bytes, at, Math.min(data.blockCount, 0xffff_ffff));
    putU24(bytes, at + 5, data.blockLength);
  } else if (data.descriptor === BlockDescriptor.long) {
    putU64(bytes, at, data.blockCount);
    putU32(bytes, at + 12, data.blockLength);
  }
}

export interface ModeSelectList {
  /** Of the block descriptor, or null without one. */
  readonly blocks: { readonly count: number; readonly length: number } | null;
  /** Whole pages, their headers included. */
  readonly pages: readonly Uint8Array[];
}

/** What MODE SELECT brought, or what is wrong: it ends in the middle of something, or has more than one descriptor. */
export function decodeModeSelect(
  list: Uint8Array,
  tenByteHeader: boolean,
): ModeSelectList | 'tooShort' | 'invalid' {
  const header = tenByteHeader ? 8 : 4;
  if (list.length < header) return 'tooShort';
  const descriptorLength = tenByteHeader ? u16(list, 6) : u8(list, 3);
  const long = tenByteHeader && (u8(list, 4) & LONGLBA) !== 0;
  if (descriptorLength !== 0 && descriptorLength !== (long ? BlockDescriptor.long : BlockDescriptor.short)) {
    return 'invalid';
  }
  if (header + descriptorLength > list.length) return 'tooShort';
  const pages = splitModePages(list.subarray(header + descriptorLength));
  if (pages === null) return 'tooShort';
  if (descriptorLength === 0) return { blocks: null, pages };
  const blocks = long
    ? { count: u64(list, header), length: u32(list, header + 12) }
    : { count: u32(list, header), length: u24(list, header + 5) };
  return { blocks, pages };
}
