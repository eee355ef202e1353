/** WRITE SAME (10), (16): SBC-3 5.42, 5.43. */
import { ScsiLimits } from '../../../limits.ts';
import { u8 } from '../../../wire/scsi/bytes.ts';
import { blocksOf, lbaOf } from '../../../wire/scsi/cdb.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { WRITE_SAME_UNMAP } from '../../supported-commands.ts';
import { DataOutTask } from '../data-out-task.ts';

/** NO DATA-OUT BUFFER, in the 16-byte command: as if the block was zero. The table keeps it out of the other. */
const NDOB = 0x01;

export class WriteSameTask extends DataOutTask {
  prepare(): Sense | null {
    const { cdb, dataOutLength } = this.command;
    const { blockLength } = this.unit.identity;
    const blocks = blocksOf(cdb);
    const problem = this.takeRange(lbaOf(cdb), blocks, ScsiLimits.maxWriteSameBytes);
    if (problem !== null) return problem;
    // Block Limits says WSNZ: zero blocks, all to the end of the unit, would have no bound.
    if (blocks === 0) return sense.invalidFieldInCdb();
    if (this.#noData) return dataOutLength === 0 ? null : sense.invalidFieldInCdb();
    if (dataOutLength !== blockLength) return sense.invalidFieldInCdb();
    this.presentedLength = blockLength;
    this.wantWhole(blockLength);
    return null;
  }

  protected segment(block: Uint8Array): void {
    if (block.every((byte) => byte === 0)) this.#zero(() => this.segmentDone());
    else this.#fill(block, () => this.segmentDone());
  }

  protected allDone(): void {
    if (this.#noData) this.#zero(() => this.#settle());
    else this.#settle();
  }

  get #noData(): boolean {
    return (u8(this.command.cdb, 1) & NDOB) !== 0;
  }

  /** Unmapped blocks read as zeroes (LBPRZ), so UNMAP is obeyed for a block of zeroes alone; of a unit that is not thin it is refused. */
  #zero(then: () => void): void {
    const { store, identity } = this.unit;
    const position = this.firstBlock * identity.blockLength;
    const length = (this.endBlock - this.firstBlock) * identity.blockLength;
    const unmap = (u8(this.command.cdb, 1) & WRITE_SAME_UNMAP) !== 0;
    this.callStore(
      'write',
      (done) => (unmap ? store.unmap(position, length, done) : store.writeZeroes(position, length, done)),
      then,
    );
  }

  #fill(block: Uint8Array, then: () => void): void {
    const { store, identity, pool } = this.unit;
    const end = this.endBlock * identity.blockLength;
    let position = this.firstBlock * identity.blockLength;
    const lease = pool.take(Math.min(end - position, ScsiLimits.storePieceLength));
    this.scratch = lease;
    for (let at = 0; at < lease.bytes.length; at += block.length) lease.bytes.set(block, at);
    this.callStoreRepeatedly(
      'write',
      (done) => {
        if (position === end) return false;
        const length = Math.min(end - position, lease.bytes.length);
        const to = position;
        position += length;
        store.write(to, lease.bytes.subarray(0, length), false, done);
        return true;
      },
      then,
    );
  }

  /** Without a write cache the blocks are durable before the answer; one flush at the end is the cheapest way. */
  #settle(): void {
    if (this.unit.modes.current.writeCacheEnabled) return this.succeed();
    this.callStore(
      'write',
      (done) => this.unit.store.flush(done),
      () => this.succeed(),
    );
  }
}
