import type { Lease } from '../../buffers/buffer-pool.ts';
import { Stage } from '../../latency/stage.ts';
import type { Command } from '../logical-unit.ts';
import { TaskState, UnitTask } from './unit-task.ts';

const NOTHING = new Uint8Array(0);

/**
 * A task that takes data-out, segment by segment: one buffer at a time is filled by the transport, handed to
 * `segment`, and given back by `segmentDone`. Unsolicited data is the first segment (with what it lacks to a whole
 * block), since it comes while the task may still wait for others; the rest is asked for when the task runs.
 */
export abstract class DataOutTask extends UnitTask {
  /** Bytes that the task takes of the data-out: no more than the initiator sends. */
  #wanted = 0;
  #segmentLimit = 0;
  /** The current segment: its place, the bytes of it that count, and the bytes that come into its buffer. */
  #start = 0;
  #useful = 0;
  #length = 0;
  #arrived = 0;
  #asked = false;
  #lease: Lease | null = null;
  /** From a segment's start until it is done: only so may blocks be changing. */
  #working = false;
  #whenQuiet: (() => void)[] | null = null;
  /** Bytes that the transport is putting into the buffer. */
  #filling = 0;

  override begin(command: Command): void {
    super.begin(command);
    this.#wanted = 0;
    this.#segmentLimit = 0;
    this.#start = 0;
    this.#lease = null;
    this.#working = false;
    this.#whenQuiet = null;
    this.#filling = 0;
    // A task that wants no data is sent what its initiator may send unasked all the same.
    this.#beginSegment(0, this.#unsolicited());
  }

  /** A whole segment is here; it is borrowed until `segmentDone`, or until the task has ended. */
  protected abstract segment(bytes: Uint8Array, offset: number): void;
  /** All segments are done. */
  protected abstract allDone(): void;

  /** In `prepare`: take `bytes` of the data-out, in one segment. */
  protected wantWhole(bytes: number): void {
    this.wantSegments(bytes, bytes, Math.max(bytes, 1));
  }

  /** In `prepare`: take `bytes` of the data-out, in segments of at most `segmentLimit`, none of which ends inside a `unit`. */
  protected wantSegments(bytes: number, segmentLimit: number, unit: number): void {
    this.#wanted = bytes;
    this.#segmentLimit = segmentLimit;
    const unsolicited = this.#unsolicited();
    const first = unsolicited === 0 ? segmentLimit : Math.ceil(unsolicited / unit) * unit;
    this.#beginSegment(Math.min(bytes, first), unsolicited);
  }

  /** After the first segment, all are of one size, or end the data. */
  protected segmentDone(): void {
    this.#becomeQuiet();
    this.#lease?.release();
    this.#lease = null;
    this.#start += this.#useful;
    this.#beginSegment(Math.min(this.#wanted - this.#start, this.#segmentLimit), 0);
    this.#proceed();
  }

  protected run(): void {
    this.command.timing?.enter(Stage.received);
    this.#proceed();
  }

  override dataOutBuffer(offset: number, length: number): Uint8Array {
    if (this.state === TaskState.ended) return super.dataOutBuffer(offset, length);
    const at = offset - this.#start;
    if (at !== this.#arrived || at + length > this.#length) {
      throw new Error(`data-out [${offset}, ${offset + length}) is not what comes next`);
    }
    this.#lease ??= this.unit.pool.take(this.#length);
    this.#filling = length;
    return length === this.#length ? this.#lease.bytes : this.#lease.bytes.subarray(at, at + length);
  }

  override dataOutArrived(): void {
    if (this.state === TaskState.ended) return this.#takeBack();
    this.#arrived += this.#filling;
    this.#filling = 0;
    this.#proceed();
  }

  override dataOutLost(): void {
    if (this.state === TaskState.ended) return this.#takeBack();
    this.#filling = 0;
  }

  override whenQuiet(done: () => void): void {
    if (!this.#working) return done();
    this.#whenQuiet ??= [];
    this.#whenQuiet.push(done);
  }

  protected override becomeEnded(): void {
    super.becomeEnded();
    this.#becomeQuiet();
  }

  protected override releaseBuffers(): void {
    super.releaseBuffers();
    if (this.#filling > 0) return;
    this.#lease?.release();
    this.#lease = null;
  }

  /** The transport has let go of a buffer of a task that ended meanwhile. */
  #takeBack(): void {
    if (this.#filling === 0) return super.dataOutArrived();
    this.#filling = 0;
    this.#lease?.release();
    this.#lease = null;
  }

  #unsolicited(): number {
    return Math.min(this.command.unsolicitedLength, this.command.dataOutLength);
  }

  #beginSegment(useful: number, unsolicited: number): void {
    this.#useful = useful;
    this.#length = Math.max(useful, unsolicited);
    this.#arrived = 0;
    this.#asked = false;
  }

  #proceed(): void {
    if (this.state !== TaskState.running || this.aborting || this.#filling > 0 || this.storeBusy) return;
    if (this.#start === this.#wanted) {
      this.#working = true;
      return this.allDone();
    }
    if (this.#arrived === this.#length) {
      // A reservation may have come while the initiator was asked for data.
      if (this.endedByReservation()) return;
      this.#working = true;
      const bytes = this.#lease?.bytes ?? NOTHING;
      return this.segment(
        this.#useful === this.#length ? bytes : bytes.subarray(0, this.#useful),
        this.#start,
      );
    }
    this.command.timing?.enter(Stage.received);
    if (this.#asked || this.#start + this.#arrived < this.#unsolicited()) return;
    this.#asked = true;
    this.command.receiveDataOut(this.#start + this.#arrived, this.#length - this.#arrived);
  }

  #becomeQuiet(): void {
    this.#working = false;
    const waiting = this.#whenQuiet;
    if (waiting === null) return;
    this.#whenQuiet = null;
    for (const call of waiting) call();
  }
}
