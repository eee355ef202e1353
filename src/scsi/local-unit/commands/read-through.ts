import { ScsiLimits } from '../../../limits.ts';
import { UnitTask } from '../unit-task.ts';

/** Reads its range from the medium, piece by piece, and shows it to nobody. */
export abstract class ReadThroughTask extends UnitTask {
  protected run(): void {
    const { blockLength } = this.unit.identity;
    const end = this.endBlock * blockLength;
    let position = this.firstBlock * blockLength;
    const lease = this.unit.pool.take(Math.min(end - position, ScsiLimits.storePieceLength));
    this.scratch = lease;
    this.callStoreRepeatedly(
      'read',
      (done) => {
        if (position === end) return false;
        const length = Math.min(end - position, lease.bytes.length);
        const from = position;
        position += length;
        this.unit.store.read(from, lease.bytes.subarray(0, length), done);
        return true;
      },
      () => this.succeed(),
    );
  }
}
