/** UNMAP: SBC-3 5.28. Nothing is unmapped before the whole list has been checked. */
import { ScsiLimits } from '../../../limits.ts';
import { u16 } from '../../../wire/scsi/bytes.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { type BlockRange, decodeUnmapList, UNMAP_HEADER_LENGTH } from '../../../wire/scsi/unmap.ts';
import { DataOutTask } from '../data-out-task.ts';

export class UnmapTask extends DataOutTask {
  prepare(): Sense | null {
    const listLength = u16(this.command.cdb, 7);
    this.presentedLength = listLength;
    if (listLength === 0) return null;
    const length = Math.min(listLength, this.command.dataOutLength);
    if (length < UNMAP_HEADER_LENGTH) return sense.parameterListLengthError();
    this.wantWhole(length);
    return null;
  }

  protected segment(list: Uint8Array): void {
    const ranges = decodeUnmapList(list);
    if (ranges === 'tooShort') return this.fail(sense.parameterListLengthError());
    if (ranges === 'contradictory') return this.fail(sense.invalidFieldInParameterList());
    const problem = this.#problemWith(ranges);
    if (problem !== null) return this.fail(problem);
    this.#unmap(ranges);
  }

  protected allDone(): void {
    if (this.unit.modes.current.writeCacheEnabled || this.presentedLength === 0) return this.succeed();
    this.callStore(
      'write',
      (done) => this.unit.store.flush(done),
      () => this.succeed(),
    );
  }

  #problemWith(ranges: readonly BlockRange[]): Sense | null {
    const { blockCount, blockLength } = this.unit.identity;
    if (ranges.length > ScsiLimits.maxUnmapDescriptors) return sense.invalidFieldInParameterList();
    let total = 0;
    for (const range of ranges) {
      if (range.lba + range.blocks > blockCount) return sense.lbaOutOfRange();
      total += range.blocks;
    }
    return total * blockLength > ScsiLimits.maxUnmapBytes ? sense.invalidFieldInParameterList() : null;
  }

  #unmap(ranges: readonly BlockRange[]): void {
    const { blockLength } = this.unit.identity;
    const left = ranges.filter((range) => range.blocks > 0).values();
    this.callStoreRepeatedly(
      'write',
      (done) => {
        const next = left.next();
        if (next.done === true) return false;
        this.unit.store.unmap(next.value.lba * blockLength, next.value.blocks * blockLength, done);
        return true;
      },
      () => this.segmentDone(),
    );
  }
}
