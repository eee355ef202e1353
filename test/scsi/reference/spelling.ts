/** From the names that code has to what the standards print. */

/** Words that are not written as they are said. */
const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/^PRE FETCH/, 'PRE-FETCH'],
  [/^OR WRITE/, 'ORWRITE'],
  [/ (LID[14])$/, '($1)'],
];

/** 'writeAndVerify10' is WRITE AND VERIFY (10). */
export function standardName(name: string): string {
  const words = name
    .replace(/(\d+)$/, (length, _, at) => (/(Lid)$/.test(name.slice(0, at)) ? length : ` (${length})`))
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toUpperCase();
  return SPELLINGS.reduce((text, [wrong, right]) => text.replace(wrong, right), words);
}

/** 0x5e is 5Eh. */
export function hexadecimal(value: number): string {
  return `${value.toString(16).toUpperCase().padStart(2, '0')}h`;
}

/**
 * The bytes and bits of a mask that are set, from byte `from` on: 'byte 1: bits 4-3, 1 · bytes 2-5'. Whole bytes in a row are one item.
 */
export function bitsOf(mask: Uint8Array, from: number): string {
  const items: string[] = [];
  for (let at = from; at < mask.length; at += 1) {
    const byte = mask[at] ?? 0;
    if (byte === 0) continue;
    if (byte !== 0xff) {
      items.push(`byte ${at}: ${runsOfBits(byte)}`);
      continue;
    }
    const first = at;
    while (mask[at + 1] === 0xff) at += 1;
    items.push(first === at ? `byte ${at}` : `bytes ${first}-${at}`);
  }
  return items.length === 0 ? 'none' : items.join(' · ');
}

function runsOfBits(byte: number): string {
  const runs: string[] = [];
  for (let bit = 7; bit >= 0; bit -= 1) {
    if ((byte & (1 << bit)) === 0) continue;
    const high = bit;
    while (bit > 0 && (byte & (1 << (bit - 1))) !== 0) bit -= 1;
    runs.push(high === bit ? `${bit}` : `${high}-${bit}`);
  }
  const single = runs.length === 1 && !runs[0]?.includes('-');
  return `${single ? 'bit' : 'bits'} ${runs.join(', ')}`;
}
