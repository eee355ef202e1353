/** COMPARE AND WRITE: SBC-3 5.2. The task set keeps every other writer of these blocks out while it runs. */
import { ScsiLimits } from '../../../limits.ts';
import { u8 } from '../../../wire/scsi/bytes.ts';
import { lbaOf } from '../../../wire/scsi/cdb.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { firstDifference } from './compare.ts';
import { RangeOutTask } from './write.ts';

export class CompareAndWriteTask extends RangeOutTask {
  override prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const { blockLength } = this.unit.identity;
    const blocks = u8(cdb, 13);
    const problem = this.takeRange(lbaOf(cdb), blocks, ScsiLimits.maxTransferLength);
    if (problem !== null) return problem;
    // The data to compare with, then the data to write: with less or more, no one knows where the second begins.
    const length = 2 * blocks * blockLength;
    if (blocks > ScsiLimits.maxCompareAndWriteBlocks || dataOutLength !== length) {
      return sense.invalidFieldInCdb();
    }
    this.presentedLength = length;
    this.wantWhole(length);
    return null;
  }

  protected segment(bytes: Uint8Array): void {
    const half = bytes.length / 2;
    this.readBack(half, 0, (held) => {
      const difference = firstDifference(bytes.subarray(0, half), held);
      if (difference !== -1) return this.fail(sense.miscompare(difference));
      this.store(bytes.subarray(half), 0, this.mustBeDurable, () => this.segmentDone());
    });
  }
}
