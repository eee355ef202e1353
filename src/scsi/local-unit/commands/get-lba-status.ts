/** GET LBA STATUS: SBC-3 5.4. */
import { ScsiLimits } from '../../../limits.ts';
import { u32 } from '../../../wire/scsi/bytes.ts';
import { lbaOf } from '../../../wire/scsi/cdb.ts';
import {
  encodeLbaStatus,
  LBA_STATUS_DESCRIPTOR_LENGTH,
  LBA_STATUS_HEADER_LENGTH,
  type LbaStatus,
  MAX_LBA_STATUS_BLOCKS,
} from '../../../wire/scsi/lba-status.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { ParameterDataTask } from '../reply-task.ts';

export class GetLbaStatusTask extends ParameterDataTask {
  readonly #statuses: LbaStatus[] = [];

  prepare(): Sense | null {
    const lba = lbaOf(this.command.cdb);
    const { blockCount } = this.unit.identity;
    if (lba >= blockCount) return sense.lbaOutOfRange();
    return this.takeRange(lba, blockCount - lba, Number.POSITIVE_INFINITY);
  }

  /** At least one descriptor, and as many as the allocation length has room for. */
  protected run(): void {
    const allocationLength = u32(this.command.cdb, 10);
    const room = Math.floor((allocationLength - LBA_STATUS_HEADER_LENGTH) / LBA_STATUS_DESCRIPTOR_LENGTH);
    const most = Math.max(1, Math.min(room, ScsiLimits.maxLbaStatusDescriptors));
    const { blockLength, thinlyProvisioned } = this.unit.identity;
    let lba = this.firstBlock;
    if (!thinlyProvisioned) {
      // Whatever its store may know of holes, every block of it is mapped (SBC-3 4.7.2).
      while (lba < this.endBlock && this.#statuses.length < most) lba = this.#add(lba, this.endBlock, true);
      return this.reply(encodeLbaStatus(this.#statuses), allocationLength);
    }
    this.callStoreRepeatedly(
      'read',
      (done) => {
        if (lba >= this.endBlock || this.#statuses.length >= most) return false;
        this.unit.store.extentAt(lba * blockLength, (error, extent) => {
          if (extent !== null) lba = this.#add(lba, extent.length / blockLength, extent.allocated);
          done(error);
        });
        return true;
      },
      () => this.reply(encodeLbaStatus(this.#statuses), allocationLength),
    );
  }

  /** Gives the block behind it. */
  #add(lba: number, extentBlocks: number, mapped: boolean): number {
    const blocks = Math.min(extentBlocks, MAX_LBA_STATUS_BLOCKS, this.endBlock - lba);
    this.#statuses.push({ lba, blocks, mapped });
    return lba + blocks;
  }
}
