/** REPORT LUNS parameter data (SPC-4 6.33). */
import { putU32 } from './bytes.ts';
import { encodeLun, LUN_LENGTH } from './lun.ts';

/** SELECT REPORT: addressed units, well-known ones, both. We have no well-known units. */
export const SelectReport = { addressed: 0, wellKnown: 1, all: 2 } as const;

export function encodeReportLuns(luns: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + luns.length * LUN_LENGTH);
  putU32(bytes, 0, luns.length * LUN_LENGTH);
  luns.forEach((lun, index) => {
    encodeLun(lun, bytes, 8 + index * LUN_LENGTH);
  });
  return bytes;
}
