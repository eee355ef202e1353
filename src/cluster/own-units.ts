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

/** What an inventory does not tell: said behind it on a link of this version. A partner of the first one knows nothing of provisioning. */
export function eventsOf(id: number, unit: LocalUnit, version: number): readonly UnitEvent[] {
  const sense = unit.descriptorSense ? [senseFormatOf(id, unit)] : [];
  return version > 1 ? [provisioningOf(id, unit), ...sense] : sense;
}

/** Thin is said too, so that a unit which was not so before is known to be. */
function provisioningOf(unit: number, { identity }: LocalUnit): UnitEvent {
  return { kind: EventKind.provisioning, unit, argument: identity.thinlyProvisioned ? 0 : 1 };
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
