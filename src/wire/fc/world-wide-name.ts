/** World wide names (FC-FS-3 15): 64 bits, kept as 16 hexadecimal digits, which sort as the numbers do. */
import { putU32, u32 } from '../scsi/bytes.ts';

export const WWN_LENGTH = 8;

export type WorldWideName = string;

export function wwnAt(bytes: Uint8Array, at: number): WorldWideName {
  return hex(u32(bytes, at)) + hex(u32(bytes, at + 4));
}

export function putName(bytes: Uint8Array, at: number, name: WorldWideName): void {
  putU32(bytes, at, Number.parseInt(name.slice(0, 8), 16));
  putU32(bytes, at + 4, Number.parseInt(name.slice(8), 16));
}

function hex(word: number): string {
  return word.toString(16).padStart(8, '0');
}
