/** What partners are told of a unit that this system owns. */
import { AccessState } from '../scsi/access-states.ts';
import type { LocalUnit } from '../scsi/local-unit/local-unit.ts';
import { EventKind, type UnitEvent } from '../wire/interconnect/event.ts';
import type { InventoryUnit } from '../wire/interconnect/inventory.ts';

export function stateOf({ available }: LocalUnit): AccessState {
  return available ? AccessState.activeOptimized : AccessState.unavailable;
}

export function senseFormatOf(unit: number, { descriptorSense }: LocalUnit): UnitEvent {
  return { kind: EventKind.senseFormat, unit, argument: descriptorSense ? 1 : 0 };
}

export function inventoryOf(id: number, unit: LocalUnit): InventoryUnit {
  const { identity } = unit;
  return {
    id,
    blockLength: identity.blockLength,
    blockCount: identity.blockCount,
    accessState: stateOf(unit),
    name: identity.name,
    serial: identity.serial,
  };
}
