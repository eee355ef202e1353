/**
 * What is wrong with a SCSI command whatever a unit has been through: it must not end with GOOD. Read from the bytes that went out,
 * and not by the product's decoders, whose mistakes this is to find.
 */
import { UNIT_BLOCKS } from './victim-file.ts';

const UNMAP = 0x42;
const MODE_SELECT_6 = 0x15;
const MODE_SELECT_10 = 0x55;

/** Where a CDB has its range (SBC-3 5), and how long these numbers are: by operation code. */
const ranges = new Map<number, Range>([
  ...of([0x28, 0x2a, 0x2e, 0x2f, 0x35, 0x41], { lba: [2, 4], blocks: [7, 2] }),
  ...of([0xa8, 0xaa, 0xae, 0xaf], { lba: [2, 4], blocks: [6, 4] }),
  ...of([0x88, 0x8a, 0x8e, 0x8f, 0x91, 0x93], { lba: [2, 8], blocks: [10, 4] }),
  ...of([0x89], { lba: [2, 8], blocks: [13, 1] }),
]);

interface Range {
  readonly lba: readonly [at: number, length: number];
  readonly blocks: readonly [at: number, length: number];
}

function of(codes: readonly number[], range: Range): (readonly [number, Range])[] {
  return codes.map((code) => [code, range]);
}

/** Whether a rule is about what comes with the CDB. */
export function hasList(cdb: Uint8Array): boolean {
  return [UNMAP, MODE_SELECT_6, MODE_SELECT_10].includes(cdb[0] ?? 0);
}

/** `list`: what came as its data-out; null where that is not known. Null: it may end with GOOD. */
export function mustFail(cdb: Uint8Array, list: Uint8Array | null): string | null {
  const range = ranges.get(cdb[0] ?? 0);
  if (range !== undefined) {
    return number(cdb, ...range.lba) + number(cdb, ...range.blocks) > UNIT_BLOCKS ? PAST_THE_END : null;
  }
  if (list === null || !hasList(cdb)) return null;
  const length = cdb[0] === MODE_SELECT_6 ? number(cdb, 4, 1) : number(cdb, 7, 2);
  // What is shorter than its CDB says is wrong too, but nothing that these rules are about.
  if (list.length < length) return null;
  const whole = list.subarray(0, length);
  return cdb[0] === UNMAP ? unmapMustFail(whole) : modeSelectMustFail(whole, cdb[0] === MODE_SELECT_10);
}

const PAST_THE_END = 'a range past the end of its unit';

/** SBC-3 5.28.2: whole descriptors count. */
function unmapMustFail(list: Uint8Array): string | null {
  const end = 8 + number(list, 2, 2);
  for (let at = 8; at + 16 <= Math.min(end, list.length); at += 16) {
    if (number(list, at, 8) + number(list, at + 8, 4) > UNIT_BLOCKS) return PAST_THE_END;
  }
  return null;
}

/** SPC-4 7.5.4 to 7.5.7. */
function modeSelectMustFail(list: Uint8Array, ten: boolean): string | null {
  let at = ten ? 8 + number(list, 6, 2) : 4 + number(list, 3, 1);
  while (at < list.length) {
    const hasSubpage = (number(list, at, 1) & 0x40) !== 0;
    at += hasSubpage ? 4 + number(list, at + 2, 2) : 2 + number(list, at + 1, 1);
  }
  // An empty list is right.
  return at > list.length && list.length > 0 ? 'a mode page longer than its list' : null;
}

/** Big-endian; zeroes behind the end. Only about right from 2^53 on, which is past the end of every unit. */
function number(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let place = at; place < at + length; place += 1) value = value * 256 + (bytes[place] ?? 0);
  return value;
}
