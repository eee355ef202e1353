/**
 * Logical unit numbers on the wire (SAM-5 4.7). Numbers up to 255 are written with peripheral device addressing
 * (4.7.7.2) and greater ones with flat space addressing (4.7.7.3); both are read, for any number.
 */

/** Bytes of a LUN. */
export const LUN_LENGTH = 8;
/** The greatest LUN of flat space addressing. */
export const MAX_LUN = 0x3fff;

const PERIPHERAL = 0x00;
const FLAT_SPACE = 0x40;
const METHOD_MASK = 0xc0;

/** The number of the eight bytes at `at`, or -1 for a method or a second level that no unit of ours has. */
export function decodeLun(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0xff;
  const second = bytes[at + 1] ?? 0;
  for (let index = 2; index < LUN_LENGTH; index += 1) if (bytes[at + index] !== 0) return -1;
  if ((first & METHOD_MASK) === FLAT_SPACE) return ((first & ~METHOD_MASK) << 8) | second;
  // Peripheral device addressing with a bus other than 0 addresses a bus behind the unit: there is none.
  return first === PERIPHERAL ? second : -1;
}

/** `lun`: 0 to MAX_LUN. */
export function encodeLun(lun: number, bytes: Uint8Array, at: number): void {
  bytes.fill(0, at, at + LUN_LENGTH);
  bytes[at] = lun > 0xff ? FLAT_SPACE | (lun >> 8) : PERIPHERAL;
  bytes[at + 1] = lun & 0xff;
}
