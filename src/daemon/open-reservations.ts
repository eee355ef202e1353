import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '../env/disk.ts';
import { ScsiLimits } from '../limits.ts';
import { openRecordFile, type RecordFile } from '../stores/record/record-file.ts';
import type { SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { pathError } from './user-error.ts';

/**
 * Opens, in the state folder, where the persistent reservations of the units that a system owns survive power loss, in the order of the
 * units. Rejects with UserError, and with none left open.
 */
export async function openReservations(
  disk: Disk,
  { stateFolder }: SystemConfig,
  units: readonly UnitConfig[],
): Promise<RecordFile[]> {
  const folder = join(stateFolder, 'reservations');
  const opened: RecordFile[] = [];
  try {
    mkdirSync(folder, { recursive: true });
    for (const { name } of units) {
      opened.push(await openRecordFile(disk, join(folder, name), ScsiLimits.savedReservationsBytes));
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()));
    throw pathError('cannot use the saved reservations in', folder, error);
  }
}
