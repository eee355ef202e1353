import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../env/disk.ts';
import { openRecordFile, type RecordFile } from '../stores/record/record-file.ts';
import type { SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { openAll } from './open-all.ts';
import { type RecordKind, recordKindNames, recordKinds, type UnitRecords } from './unit-records.ts';
import { pathError } from './user-error.ts';

/**
 * Opens, in the state folder, the records of the units that a system owns, in the order of the units. Rejects with UserError, and with
 * none left open.
 */
export async function openRecords(
  disk: Disk,
  { stateFolder }: SystemConfig,
  units: readonly UnitConfig[],
): Promise<UnitRecords<RecordFile>[]> {
  const kinds = recordKindNames.length;
  const wanted = units.flatMap(({ name }) => recordKindNames.map((kind) => ({ name, kind })));
  const files = await openAll(wanted, ({ name, kind }) => openOne(disk, stateFolder, name, kind));
  return units.map((_, place) => {
    const its = files
      .slice(place * kinds, (place + 1) * kinds)
      .map((file, at) => [recordKindNames[at], file]);
    return Object.fromEntries(its) as UnitRecords<RecordFile>;
  });
}

async function openOne(disk: Disk, stateFolder: string, name: string, kind: RecordKind): Promise<RecordFile> {
  const { folder, capacity, what } = recordKinds[kind];
  const path = join(stateFolder, folder);
  try {
    mkdirSync(path, { recursive: true });
    return await openRecordFile(disk, join(path, name), capacity);
  } catch (error) {
    throw pathError(`cannot use the ${what} in`, path, error);
  }
}
