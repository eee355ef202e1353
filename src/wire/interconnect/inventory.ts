/** INVENTORY: the logical units that its sender owns (docs/interconnect.md section 4). */
import { putU16, putU32, putU64, u8, u16, u32, u64 } from './frame.ts';
import { putString, StringReader } from './strings.ts';

export interface InventoryUnit {
  readonly id: number;
  readonly blockLength: number;
  readonly blockCount: number;
  readonly accessState: number;
  readonly name: string;
  readonly serial: string;
}

const FIXED = 17;

export function encodeInventory(
  units: readonly InventoryUnit[],
  parameters: Uint8Array,
  at: number,
): { readonly parametersLength: number; readonly payload: Uint8Array } {
  putU16(parameters, at, units.length);
  const payload = new Uint8Array(units.length * (FIXED + 512));
  let end = 0;
  for (const unit of units) {
    putU32(payload, end, unit.id);
    putU32(payload, end + 4, unit.blockLength);
    putU64(payload, end + 8, unit.blockCount);
    payload[end + 16] = unit.accessState;
    end = putString(payload, end + FIXED, unit.name);
    end = putString(payload, end, unit.serial);
  }
  return { parametersLength: 2, payload: payload.subarray(0, end) };
}

/** `null`: malformed. */
export function decodeInventory(parameters: Uint8Array, payload: Uint8Array): InventoryUnit[] | null {
  const units: InventoryUnit[] = [];
  let at = 0;
  for (let left = u16(parameters, 0); left > 0; left--) {
    if (at + FIXED > payload.length || u32(payload, at + 8) > 0x1fffff) return null;
    const strings = new StringReader(payload, at + FIXED);
    units.push({
      id: u32(payload, at),
      blockLength: u32(payload, at + 4),
      blockCount: u64(payload, at + 8),
      accessState: u8(payload, at + 16),
      name: strings.next(),
      serial: strings.next(),
    });
    if (!strings.intact) return null;
    at = strings.position;
  }
  return at === payload.length ? units : null;
}
