/** REPORT LUNS parameter data (SPC-4 6.33). */
import { putU32 } from './bytes.ts';
import { encodeLun, LUN_LENGTH } from './lun.ts';

/**
 * SELECT REPORT: addressed units, well-known ones, both; of logical unit conglomerates (SPC-5) the administrative units, those and all
 * that are in none, and one administrative unit with its subsidiaries. Our units are addressed ones, in no conglomerate.
 */
export const SelectReport = {
  addressed: 0x00,
  wellKnown: 0x01,
  all: 0x02,
  administrative: 0x10,
  notSubsidiary: 0x11,
} as const;

export function encodeReportLuns(luns: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 + luns.length * LUN_LENGTH);
  putU32(bytes, 0, luns.length * LUN_LENGTH);
  luns.forEach((lun, index) => {
    encodeLun(lun, bytes, 8 + index * LUN_LENGTH);
  });
  return bytes;
}
