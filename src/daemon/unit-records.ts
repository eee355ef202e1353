import { ScsiLimits } from '../limits.ts';
import type { RecordStore } from '../stores/record/record-store.ts';

/** Where records of a kind are: a folder in the state folder, with a file for each unit; the bytes that one can hold. */
interface RecordFolder {
  readonly folder: string;
  readonly capacity: number;
  readonly what: string;
}

/** What of a unit's own state survives power loss. */
export const recordKinds: UnitRecords<RecordFolder> = {
  reservations: {
    folder: 'reservations',
    capacity: ScsiLimits.savedReservationsBytes,
    what: 'saved reservations',
  },
  modePages: { folder: 'mode-pages', capacity: ScsiLimits.savedModePagesBytes, what: 'saved mode pages' },
  identifying: {
    folder: 'identifying-information',
    capacity: ScsiLimits.savedIdentifyingInformationBytes,
    what: 'saved identifying information',
  },
};

export type RecordKind = 'reservations' | 'modePages' | 'identifying';

export const recordKindNames = Object.keys(recordKinds) as readonly RecordKind[];

/** Of one unit: its records, or what stands for each. */
export type UnitRecords<R = RecordStore> = Readonly<Record<RecordKind, R>>;

export function mapRecords<From, To>(records: UnitRecords<From>, map: (record: From) => To): UnitRecords<To> {
  const { reservations, modePages, identifying } = records;
  return { reservations: map(reservations), modePages: map(modePages), identifying: map(identifying) };
}
