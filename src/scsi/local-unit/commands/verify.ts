/** VERIFY (10), (12), (16): SBC-3 5.29, 5.30. */
import { ScsiLimits } from '../../../limits.ts';
import { u8 } from '../../../wire/scsi/bytes.ts';
import { blocksOf, lbaOf } from '../../../wire/scsi/cdb.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import type { CommandSpec } from '../../command-table.ts';
import type { Command } from '../../logical-unit.ts';
import { DataOutTask } from '../data-out-task.ts';
import type { TaskUnit } from '../task-unit.ts';
import { UnitTask } from '../unit-task.ts';
import { firstDifference } from './compare.ts';
import { ReadThroughTask } from './read-through.ts';
import { RangeOutTask } from './write.ts';

/** BYTCHK: the medium alone; each block against the data-out; every block against the one block of data-out. */
const ByteCheck = { medium: 0, data: 1, oneBlock: 3 } as const;

export function verifyTask(unit: TaskUnit, command: Command, spec: CommandSpec): UnitTask {
  switch ((u8(command.cdb, 1) >> 1) & 0x03) {
    case ByteCheck.medium:
      return new VerifyMediumTask(unit, command, spec);
    case ByteCheck.data:
      return new VerifyDataTask(unit, command, spec);
    case ByteCheck.oneBlock:
      return new VerifyOneBlockTask(unit, command, spec);
    default:
      return new ReservedVerifyTask(unit, command, spec);
  }
}

class ReservedVerifyTask extends UnitTask {
  prepare(): Sense {
    return sense.invalidFieldInCdb();
  }

  protected run(): never {
    throw new Error('prepare has refused the command');
  }
}

class VerifyMediumTask extends ReadThroughTask {
  prepare(): Sense | null {
    return this.takeRange(lbaOf(this.command.cdb), blocksOf(this.command.cdb), ScsiLimits.maxTransferLength);
  }
}

class VerifyDataTask extends RangeOutTask {
  /** With less data than blocks, GOOD would tell of blocks that nobody has compared. */
  override prepare(): Sense | null {
    const problem = super.prepare();
    if (problem !== null) return problem;
    return this.command.dataOutLength < this.presentedLength ? sense.invalidFieldInCdb() : null;
  }

  protected segment(bytes: Uint8Array, offset: number): void {
    this.readBack(bytes.length, offset, (held) => {
      if (firstDifference(bytes, held) !== -1) return this.fail(sense.miscompare(null));
      this.dropScratch();
      this.segmentDone();
    });
  }
}

class VerifyOneBlockTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const { blockLength } = this.unit.identity;
    const problem = this.takeRange(lbaOf(cdb), blocksOf(cdb), ScsiLimits.maxTransferLength);
    if (problem !== null) return problem;
    if (this.endBlock === this.firstBlock) return null;
    if (dataOutLength < blockLength) return sense.invalidFieldInCdb();
    this.presentedLength = blockLength;
    this.wantWhole(blockLength);
    return null;
  }

  protected segment(expected: Uint8Array): void {
    const { blockLength } = this.unit.identity;
    const held = this.unit.pool.take(blockLength);
    this.scratch = held;
    let block = this.firstBlock;
    this.callStoreRepeatedly(
      'read',
      (done) => {
        // The block that was read last: before the first read there is none.
        if (block > this.firstBlock && firstDifference(expected, held.bytes) !== -1) return false;
        if (block === this.endBlock) return false;
        this.unit.store.read(block * blockLength, held.bytes, done);
        block += 1;
        return true;
      },
      () => {
        if (firstDifference(expected, held.bytes) !== -1) this.fail(sense.miscompare(null));
        else this.segmentDone();
      },
    );
  }

  protected allDone(): void {
    this.succeed();
  }
}
