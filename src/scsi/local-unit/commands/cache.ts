/** SYNCHRONIZE CACHE (10), (16), PRE-FETCH (10), (16), START STOP UNIT, TEST UNIT READY: SBC-3 5.5, 5.22, 5.24, SPC-4 6.47. */
import { ScsiLimits } from '../../../limits.ts';
import { u8 } from '../../../wire/scsi/bytes.ts';
import { blocksOf, lbaOf } from '../../../wire/scsi/cdb.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { UnitTask } from '../unit-task.ts';
import { ReadThroughTask } from './read-through.ts';

/** IMMED is taken as 0: the answer always means that the blocks are durable. */
export class SynchronizeCacheTask extends UnitTask {
  prepare(): Sense | null {
    const lba = lbaOf(this.command.cdb);
    const problem = this.takeRange(lba, blocksOf(this.command.cdb), Number.POSITIVE_INFINITY);
    // SBC-3 5.24: zero blocks means all to the end.
    if (this.endBlock === lba) this.endBlock = this.unit.identity.blockCount;
    return problem;
  }

  protected run(): void {
    this.callStore(
      'write',
      (done) => this.unit.store.flush(done),
      () => this.succeed(),
    );
  }
}

/**
 * Brings the blocks into the page cache, or the first of them where they are many. IMMED is taken as 0. GOOD, not CONDITION MET: nobody
 * can promise that they stay there.
 */
export class PreFetchTask extends ReadThroughTask {
  prepare(): Sense | null {
    const lba = lbaOf(this.command.cdb);
    const problem = this.takeRange(lba, blocksOf(this.command.cdb), Number.POSITIVE_INFINITY);
    const { blockCount, blockLength } = this.unit.identity;
    // SBC-3 5.8: zero blocks means all to the end.
    if (this.endBlock === lba) this.endBlock = blockCount;
    this.endBlock = Math.min(this.endBlock, lba + ScsiLimits.maxPreFetchBytes / blockLength);
    return problem;
  }
}

const START = 0x01;
const LOEJ = 0x02;
const NO_FLUSH = 0x04;

/** A unit that other initiators use does not stop because one says so; what a stop would make durable becomes so. */
export class StartStopUnitTask extends UnitTask {
  prepare(): Sense | null {
    const byte4 = u8(this.command.cdb, 4);
    const powerCondition = byte4 >> 4;
    return powerCondition !== 0 || (byte4 & LOEJ) !== 0 ? sense.invalidFieldInCdb() : null;
  }

  protected run(): void {
    if ((u8(this.command.cdb, 4) & (START | NO_FLUSH)) !== 0) return this.succeed();
    this.callStore(
      'write',
      (done) => this.unit.store.flush(done),
      () => this.succeed(),
    );
  }
}

export class TestUnitReadyTask extends UnitTask {
  prepare(): null {
    return null;
  }

  protected run(): void {
    this.succeed();
  }
}
