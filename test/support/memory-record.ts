import type { DiskDone, Errno } from '../../src/env/disk.ts';
import type { RecordStore } from '../../src/stores/record/record-store.ts';

/** A record that outlives the unit that saved it: what a unit made anew finds. */
export class MemoryRecord implements RecordStore {
  saved: Uint8Array | null = null;
  /** Set it to make the next saves fail. */
  fault: Errno | null = null;

  save(bytes: Uint8Array, done: DiskDone): void {
    if (this.fault === null) this.saved = bytes.slice();
    done(this.fault);
  }
}
