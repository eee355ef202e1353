/** EVENT: something about a unit has changed at its owner (docs/interconnect.md section 4). */
import { putU32, u8, u32 } from './frame.ts';

export const EventKind = { accessState: 1, capacity: 2, senseFormat: 3, provisioning: 4 } as const;
export type EventKind = (typeof EventKind)[keyof typeof EventKind];

/** In place of a unit id: every unit of the sender. */
export const EVERY_UNIT = 0xffffffff;

export interface UnitEvent {
  readonly kind: number;
  readonly unit: number;
  /**
   * The access state; 0 for capacity; 1 for sense data in descriptor format, 0 for fixed; 1 for fully provisioned, 0 for thin.
   */
  readonly argument: number;
}

export function encodeEvent(event: UnitEvent, bytes: Uint8Array, at: number): number {
  bytes[at] = event.kind;
  putU32(bytes, at + 1, event.unit);
  putU32(bytes, at + 5, event.argument);
  return 9;
}

export function decodeEvent(parameters: Uint8Array): UnitEvent {
  return { kind: u8(parameters, 0), unit: u32(parameters, 1), argument: u32(parameters, 5) };
}
