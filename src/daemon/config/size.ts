const units: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
  ['TiB', 2 ** 40],
  ['PiB', 2 ** 50],
]);

const shape = /^([0-9]{1,16}) ?([A-Za-z]*)$/;

/** Bytes from '1GiB', '512 MiB' or a number of bytes; null where it is none of these or above 2^53 - 1. */
export function parseSize(written: string | number): number | null {
  const match = shape.exec(String(written));
  if (match === null) return null;
  const unit = units.get(match[2] ?? '');
  if (unit === undefined) return null;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : null;
}

/** The largest unit in which the size is a whole number: '1GiB', '1536MiB', '513B'. */
export function formatSize(bytes: number): string {
  let written = `${bytes}B`;
  for (const [name, length] of units) {
    if (length > 1 && bytes >= length && bytes % length === 0) written = `${bytes / length}${name}`;
  }
  return written;
}
