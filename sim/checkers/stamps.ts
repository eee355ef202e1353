/** What every block that a client writes says of itself, at its start and at its end: unit, block, version, writer. */
import { putU32, u32 } from '../../src/wire/scsi/bytes.ts';
import { Violation } from '../world/world.ts';

export const BLOCK_LENGTH = 512;
const STAMP_LENGTH = 16;
/** What WRITE SAME puts down says so in place of the block: the history knows where it went. */
const ANY_BLOCK = 0xffff_ffff;

export function stampBlocks(
  into: Uint8Array,
  unit: number,
  lba: number,
  version: number,
  writer: number,
  anyBlock = false,
): void {
  into.fill(version);
  for (let at = 0; at < into.length; at += BLOCK_LENGTH) {
    const block = anyBlock ? ANY_BLOCK : lba + at / BLOCK_LENGTH;
    for (const place of [at, at + BLOCK_LENGTH - STAMP_LENGTH]) {
      putU32(into, place, unit + 1);
      putU32(into, place + 4, block);
      putU32(into, place + 8, version);
      putU32(into, place + 12, writer);
    }
  }
}

/** The version of the block at `at`; 0 where nothing was ever written. */
export function versionAt(bytes: Uint8Array, at: number, unit: number, block: number): number {
  const version = u32(bytes, at + 8);
  const end = at + BLOCK_LENGTH - STAMP_LENGTH;
  for (let offset = 0; offset < STAMP_LENGTH; offset += 1) {
    if (bytes[at + offset] !== bytes[end + offset]) {
      throw new Violation(
        'torn block',
        `unit ${unit} block ${block}: version ${version}, and ${u32(bytes, end + 8)}`,
      );
    }
  }
  if (bytes[at + BLOCK_LENGTH / 2] !== (version & 0xff)) {
    throw new Violation('torn block', `unit ${unit} block ${block}: version ${version} is not whole`);
  }
  if (version === 0) return 0;
  const stamped = u32(bytes, at + 4);
  if (u32(bytes, at) !== unit + 1 || (stamped !== block && stamped !== ANY_BLOCK)) {
    const from = `unit ${u32(bytes, at) - 1} block ${stamped} version ${version}`;
    throw new Violation('bytes of another block', `unit ${unit} block ${block} holds ${from}`);
  }
  return version;
}
