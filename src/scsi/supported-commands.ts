/**
 * The commands that a unit supports, and the fields of their CDBs: all of the table for a thin unit. One that is fully
 * provisioned has no UNMAP, neither as a command nor as a bit of WRITE SAME (SBC-3 4.7.2): what it frees would be nothing.
 */
import { u8 } from '../wire/scsi/bytes.ts';
import { type CommandSpec, commandOf, commands } from './command-table.ts';
import type { UnitIdentity } from './unit-identity.ts';

/** In byte 1 of WRITE SAME. */
export const WRITE_SAME_UNMAP = 0x08;

/** By CommandSpec.index. */
const withoutUnmap: readonly (CommandSpec | null)[] = commands.map((spec) => {
  switch (spec.name) {
    case 'unmap':
      return null;
    case 'writeSame10':
    case 'writeSame16': {
      const usage = spec.usage.slice();
      usage[1] = u8(usage, 1) & ~WRITE_SAME_UNMAP;
      return { ...spec, usage };
    }
    default:
      return spec;
  }
});
const ofFullyProvisioned = withoutUnmap.filter((spec) => spec !== null);

/** Ascending by operation code and service action. */
export function supportedCommands({ thinlyProvisioned }: UnitIdentity): readonly CommandSpec[] {
  return thinlyProvisioned ? commands : ofFullyProvisioned;
}

/** As `commandOf`, for this unit. */
export function supportedCommandOf(
  cdb: Uint8Array,
  { thinlyProvisioned }: UnitIdentity,
): ReturnType<typeof commandOf> {
  const spec = commandOf(cdb);
  if (thinlyProvisioned || typeof spec === 'string') return spec;
  return withoutUnmap[spec.index] ?? 'noOperation';
}
