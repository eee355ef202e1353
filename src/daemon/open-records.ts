import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../env/disk.ts';
import { ScsiLimits } from '../limits.ts';
import { openRecordFile, type RecordFile } from '../stores/record/record-file.ts';
import type { SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { openAll } from './open-all.ts';
import { pathError } from './user-error.ts';

/** Where the state of one unit survives power loss. */
export interface UnitRecords {
  readonly reservations: RecordFile;
  readonly identifying: RecordFile;
}

/** In the order of their names in UnitRecords. */
const kinds = [
  { folder: 'reservations', capacity: ScsiLimits.savedReservationsBytes, what: 'saved reservations' },
  {
    folder: 'identifying-information',
    capacity: ScsiLimits.savedIdentifyingInformationBytes,
    what: 'saved identifying information',
  },
] as const;

/**
 * Opens, in the state folder, the records of the units that a system owns, in the order of the units. Rejects with UserError, and with
 * none left open.
 */
export async function openRecords(
  disk: Disk,
  { stateFolder }: SystemConfig,
  units: readonly UnitConfig[],
): Promise<UnitRecords[]> {
  const wanted = units.flatMap(({ name }) => kinds.map((kind) => ({ name, kind })));
  const files = await openAll(wanted, ({ name, kind }) => openOne(disk, stateFolder, name, kind));
  return units.map((_, place) => {
    const [reservations, identifying] = files.slice(place * kinds.length, (place + 1) * kinds.length);
    assert.ok(reservations !== undefined && identifying !== undefined);
    return { reservations, identifying };
  });
}

async function openOne(
  disk: Disk,
  stateFolder: string,
  name: string,
  { folder, capacity, what }: (typeof kinds)[number],
): Promise<RecordFile> {
  const path = join(stateFolder, folder);
  try {
    mkdirSync(path, { recursive: true });
    return await openRecordFile(disk, join(path, name), capacity);
  } catch (error) {
    throw pathError(`cannot use the ${what} in`, path, error);
  }
}
