/** READ (6), (10), (12), (16): SBC-3 5.7 to 5.10. */
import assert from 'node:assert/strict';
import type { Lease } from '../../../buffers/buffer-pool.ts';
import type { Errno } from '../../../env/disk.ts';
import { Stage } from '../../../latency/stage.ts';
import { ScsiLimits } from '../../../limits.ts';
import { blocksOf, lbaOf } from '../../../wire/scsi/cdb.ts';
import type { Sense } from '../../../wire/scsi/sense.ts';
import type { Command } from '../../logical-unit.ts';
import { TaskState, UnitTask } from '../unit-task.ts';

/** Reads piece by piece: each is a read set, or what is left, and is taken only when there is credit for all of it. */
export class ReadTask extends UnitTask {
  #credit = 0;
  /** Bytes from the start of the range: sent, and to be sent. */
  #offset = 0;
  #end = 0;
  #sending = false;
  /** Of the piece that the store reads into `scratch`. */
  #reading = 0;

  protected override get runsAgain(): boolean {
    return true;
  }

  override begin(command: Command): void {
    super.begin(command);
    this.#credit = command.dataInCredit;
    this.#offset = 0;
    this.#end = 0;
    this.#sending = false;
    this.#reading = 0;
  }

  prepare(): Sense | null {
    const { cdb, dataInLength } = this.command;
    const blocks = blocksOf(cdb);
    const problem = this.takeRange(lbaOf(cdb), blocks, ScsiLimits.maxTransferLength);
    if (problem !== null) return problem;
    this.presentedLength = blocks * this.unit.identity.blockLength;
    this.#end = Math.min(this.presentedLength, dataInLength);
    return null;
  }

  override grant(length: number): void {
    this.#credit += length;
    if (this.state === TaskState.running) this.#send();
  }

  protected run(): void {
    if (this.#end === 0) this.succeed();
    else this.#send();
  }

  /** A loop, not recursion: the store and the transport may both call back at once. */
  #send(): void {
    if (this.#sending) return;
    this.#sending = true;
    while (this.state === TaskState.running && !this.storeBusy && this.#piece());
    this.#sending = false;
  }

  /** Reads and sends the next piece; false where there is no credit for it. */
  #piece(): boolean {
    const { blockLength } = this.unit.identity;
    const rest = this.#end - this.#offset;
    let length = Math.min(rest, this.command.readSetLength);
    if (this.#credit < length) return false;
    if (length < rest) length -= length % blockLength;
    assert.ok(length > 0, 'a read set has room for a block');
    // An initiator may expect less than whole blocks; the store does not know parts of them.
    const whole = Math.ceil(length / blockLength) * blockLength;
    const lease = this.unit.pool.take(whole);
    const position = this.firstBlock * blockLength + this.#offset;
    this.command.timing?.enter(Stage.stored);
    if (this.unit.store.readCached(position, lease.bytes)) this.#deliver(lease, length);
    else this.#read(lease, position, length);
    return true;
  }

  #read(lease: Lease, position: number, length: number): void {
    this.scratch = lease;
    this.#reading = length;
    this.storeCalled();
    this.unit.store.read(position, lease.bytes, this.#hasRead);
  }

  /** Made once, for all pieces of all commands that the task runs. */
  readonly #hasRead = (error: Errno | null): void => {
    const lease = this.scratch;
    if (!this.storeSucceeded(error, 'read') || lease === null) return;
    this.scratch = null;
    this.#deliver(lease, this.#reading);
    if (this.state === TaskState.running) this.#send();
  };

  #deliver(lease: Lease, length: number): void {
    this.command.timing?.enter(Stage.answered);
    const offset = this.#offset;
    const data = length === lease.bytes.length ? lease : this.#shortened(lease, length);
    this.#offset += length;
    this.#credit -= length;
    if (this.#offset === this.#end) this.endWithData(offset, data);
    else this.command.sendDataIn(offset, data, null);
  }

  #shortened(lease: Lease, length: number): Lease {
    const shorter = this.unit.pool.take(length);
    shorter.bytes.set(lease.bytes.subarray(0, length));
    lease.release();
    return shorter;
  }
}
