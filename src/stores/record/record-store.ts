import type { DiskDone } from '../../env/disk.ts';

/** Where a part of a unit's own state survives power loss: RecordFile is one. */
export interface RecordStore {
  /** What was saved last before this process began; null where nothing was. */
  readonly saved: Uint8Array | null;
  /**
   * Takes the place of what was saved, whole or not at all, and calls back once it would survive a power cut. One at a
   * time. The bytes are the store's until it has called back.
   */
  save(bytes: Uint8Array, done: DiskDone): void;
}
