import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../env/disk.ts';
import { openRecordFile, type RecordFile } from '../stores/record/record-file.ts';
import type { SystemConfig, UnitConfig } from './config/cluster-config.ts';
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
  const opened: RecordFile[] = [];
  try {
    const records: UnitRecords<RecordFile>[] = [];
    for (const unit of units) {
      const files: [RecordKind, RecordFile][] = [];
      for (const kind of recordKindNames) {
        const file = await openOne(disk, stateFolder, unit, kind);
        opened.push(file);
        files.push([kind, file]);
      }
      records.push(Object.fromEntries(files) as UnitRecords<RecordFile>);
    }
    return records;
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()));
    throw error;
  }
}

async function openOne(
  disk: Disk,
  stateFolder: string,
  { name }: UnitConfig,
  kind: RecordKind,
): Promise<RecordFile> {
  const { folder, capacity, what } = recordKinds[kind];
  const path = join(stateFolder, folder);
  try {
    mkdirSync(path, { recursive: true });
    return await openRecordFile(disk, join(path, name), capacity);
  } catch (error) {
    throw pathError(`cannot use the ${what} in`, path, error);
  }
}
