import { createHash } from 'node:crypto';
import type { UnitIdentity } from './unit-identity.ts';

/** NAA type 6, IEEE Registered Extended (SPC-4 7.8.6.6.5). */
const NAA_6 = 0x6;
/** A locally administered company id (its second lowest bit of the first byte is set): 02-58-50. */
const COMPANY_ID = [0x02, 0x58, 0x50] as const;
const SERIAL_DIGITS = 20;
const DEFAULT_PHYSICAL_BLOCK = 4096;

export interface UnitDescription {
  readonly name: string;
  readonly owner: string;
  readonly blockLength: number;
  /** Default: what disks of today write at a time; a page of the page cache too. */
  readonly physicalBlockLength?: number;
  /** Default: true. */
  readonly reportsSpace?: boolean;
  /** Default: true, which is what counts until the owner has said otherwise. */
  readonly thinlyProvisioned?: boolean;
  /** A multiple of `blockLength`. */
  readonly byteLength: number;
}

/**
 * Every system makes the same identity from the names of cluster and unit alone, without asking another one, and a unit keeps
 * it when it moves. The 100 bits behind the company id are of SHA-256, so two names do not meet.
 */
export function makeUnitIdentity(cluster: string, unit: UnitDescription): UnitIdentity {
  const hash = createHash('sha256').update(`${cluster}\0${unit.name}`).digest();
  const naa = new Uint8Array(16);
  naa.set(hash.subarray(0, 16));
  const [first, second, third] = COMPANY_ID;
  naa[0] = (NAA_6 << 4) | (first >> 4);
  naa[1] = ((first & 0xf) << 4) | (second >> 4);
  naa[2] = ((second & 0xf) << 4) | (third >> 4);
  naa[3] = ((third & 0xf) << 4) | ((hash[3] ?? 0) & 0xf);
  return {
    name: unit.name,
    owner: unit.owner,
    naa,
    serial: hash.toString('hex').slice(-SERIAL_DIGITS),
    blockLength: unit.blockLength,
    physicalBlockLength: unit.physicalBlockLength ?? DEFAULT_PHYSICAL_BLOCK,
    reportsSpace: unit.reportsSpace ?? true,
    thinlyProvisioned: unit.thinlyProvisioned ?? true,
    blockCount: Math.floor(unit.byteLength / unit.blockLength),
  };
}
