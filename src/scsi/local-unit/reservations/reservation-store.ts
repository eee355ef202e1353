import type { DiskDone } from '../../../env/disk.ts';

/** Where the reservations of one unit survive power loss (APTPL). */
export interface ReservationStore {
  /** What was saved last before this process began; null where nothing was. */
  readonly saved: Uint8Array | null;
  /**
   * Takes the place of what was saved, whole or not at all, and calls back once it would survive a power cut. One at a
   * time. The bytes are the store's until it has called back.
   */
  save(bytes: Uint8Array, done: DiskDone): void;
}
