/** WRITE (6), (10), (12), (16), WRITE AND VERIFY, ORWRITE: SBC-3 5.6, 5.31 to 5.38. */
import type { Errno } from '../../../env/disk.ts';
import { ScsiLimits } from '../../../limits.ts';
import { blocksOf, forceUnitAccess, lbaOf } from '../../../wire/scsi/cdb.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { DataOutTask } from '../data-out-task.ts';
import { firstDifference } from './compare.ts';

/** What writes have in common: a range, and data-out for it, of which only whole blocks count. */
export abstract class RangeOutTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const { blockLength } = this.unit.identity;
    const blocks = blocksOf(cdb);
    const problem = this.takeRange(lbaOf(cdb), blocks, ScsiLimits.maxTransferLength);
    if (problem !== null) return problem;
    this.presentedLength = blocks * blockLength;
    const taken = Math.min(this.presentedLength, dataOutLength - (dataOutLength % blockLength));
    this.wantSegments(taken, ScsiLimits.writeSegmentLength, blockLength);
    return null;
  }

  protected allDone(): void {
    this.succeed();
  }

  protected positionOf(offset: number): number {
    return this.firstBlock * this.unit.identity.blockLength + offset;
  }

  protected store(bytes: Uint8Array, offset: number, durable: boolean, then: () => void): void {
    const position = this.positionOf(offset);
    this.callStore('write', (done) => this.unit.store.write(position, bytes, durable, done), then);
  }

  /** Reads what the unit holds at the place of a segment into a buffer that goes back with `dropScratch`. */
  protected readBack(length: number, offset: number, then: (held: Uint8Array) => void): void {
    const lease = this.unit.pool.take(length);
    this.scratch = lease;
    const position = this.positionOf(offset);
    this.callStore(
      'read',
      (done) => this.unit.store.read(position, lease.bytes, done),
      () => then(lease.bytes),
    );
  }

  protected dropScratch(): void {
    this.scratch?.release();
    this.scratch = null;
  }

  protected get mustBeDurable(): boolean {
    return !this.unit.modes.current.writeCacheEnabled || forceUnitAccess(this.command.cdb);
  }
}

export class WriteTask extends RangeOutTask {
  protected override get runsAgain(): boolean {
    return true;
  }

  protected segment(bytes: Uint8Array, offset: number): void {
    this.storeCalled();
    this.unit.store.write(this.positionOf(offset), bytes, this.mustBeDurable, this.#stored);
  }

  /** Made once, for all segments of all commands that the task runs. */
  readonly #stored = (error: Errno | null): void => {
    if (this.storeSucceeded(error, 'write')) this.segmentDone();
  };
}

/** The data is made durable and read back, and compared whatever BYTCHK says: it is in memory anyway. */
export class WriteAndVerifyTask extends RangeOutTask {
  protected segment(bytes: Uint8Array, offset: number): void {
    this.store(bytes, offset, true, () => this.#verify(bytes, offset));
  }

  #verify(bytes: Uint8Array, offset: number): void {
    this.readBack(bytes.length, offset, (held) => {
      if (firstDifference(bytes, held) !== -1) return this.fail(sense.miscompare(null));
      this.dropScratch();
      this.segmentDone();
    });
  }
}

export class OrWriteTask extends RangeOutTask {
  protected segment(bytes: Uint8Array, offset: number): void {
    this.readBack(bytes.length, offset, (held) => {
      for (let at = 0; at < held.length; at += 1) held[at] = (held[at] ?? 0) | (bytes[at] ?? 0);
      this.store(held, offset, this.mustBeDurable, () => {
        this.dropScratch();
        this.segmentDone();
      });
    });
  }
}
