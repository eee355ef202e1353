/** GET LBA STATUS parameter data (SBC-3 5.4.2). */
import { putU32, putU64 } from './bytes.ts';

export interface LbaStatus {
  readonly lba: number;
  readonly blocks: number;
  readonly mapped: boolean;
}

export const LBA_STATUS_HEADER_LENGTH = 8;
export const LBA_STATUS_DESCRIPTOR_LENGTH = 16;
/** NUMBER OF LOGICAL BLOCKS has 32 bits. */
export const MAX_LBA_STATUS_BLOCKS = 0xffff_ffff;

const DEALLOCATED = 1;

export function encodeLbaStatus(statuses: readonly LbaStatus[]): Uint8Array {
  const length = LBA_STATUS_HEADER_LENGTH + statuses.length * LBA_STATUS_DESCRIPTOR_LENGTH;
  const bytes = new Uint8Array(length);
  putU32(bytes, 0, length - 4);
  statuses.forEach((status, index) => {
    const at = LBA_STATUS_HEADER_LENGTH + index * LBA_STATUS_DESCRIPTOR_LENGTH;
    putU64(bytes, at, status.lba);
    putU32(bytes, at + 8, status.blocks);
    bytes[at + 12] = status.mapped ? 0 : DEALLOCATED;
  });
  return bytes;
}
