import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../env/disk.ts';
import { ScsiLimits } from '../limits.ts';
import { openRecordFile, type RecordFile } from '../stores/record/record-file.ts';
import type { SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { pathError } from './user-error.ts';

/** Where the state of one unit survives power loss. */
export interface UnitRecords {
  readonly reservations: RecordFile;
  readonly identifying: RecordFile;
}

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
  const opened: RecordFile[] = [];
  const [reservations, identifying] = kinds;
  try {
    const records: UnitRecords[] = [];
    for (const unit of units) {
      const open = async (kind: (typeof kinds)[number]) => {
        const file = await openOne(disk, stateFolder, unit, kind);
        opened.push(file);
        return file;
      };
      records.push({ reservations: await open(reservations), identifying: await open(identifying) });
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
