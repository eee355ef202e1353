import type { Lease } from '../../buffers/buffer-pool.ts';
import type { Errno } from '../../env/disk.ts';
import { Stage } from '../../latency/stage.ts';
import { ScsiLimits } from '../../limits.ts';
import type { StoreDone } from '../../stores/block-store.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { type CommandSpec, changesMedium, changesNothing } from '../command-table.ts';
import { DiscardedData } from '../discarded-data.ts';
import type { Command, Task } from '../logical-unit.ts';
import { leftCommand } from './left-command.ts';
import { senseOfErrno } from './store-error.ts';
import type { TaskUnit } from './task-unit.ts';

/** waiting in the task set for older tasks; running; ended, and harmless from then on. */
export const TaskState = { waiting: 0, running: 1, ended: 2 } as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/**
 * One execution of a command by a local unit. Subclasses say what it does: `prepare` reads the CDB before the task joins the task
 * set, `run` begins the work when the task set lets it.
 *
 * A task that is aborted while the store works for it stays in the task set until the store calls back, so that nothing
 * overlapping starts meanwhile: every callback of the store goes through `storeReturned`.
 */
export abstract class UnitTask implements Task {
  readonly unit: TaskUnit;
  command: Command;
  readonly spec: CommandSpec;
  state: TaskState = TaskState.waiting;
  aborting = false;
  /** The blocks that it touches, for the conflict table. */
  firstBlock = 0;
  endBlock = 0;
  /** The task set's: neighbours in order of arrival, and the tasks that wait for this one. */
  older: UnitTask | null = null;
  newer: UnitTask | null = null;
  waiters: UnitTask[] | null = null;
  /** The write gate's: the moment, in the order of the system, since when it is held; 0: it is not. */
  heldAt = 0;
  /** CommandResult.presentedLength: known from `prepare` on. */
  protected presentedLength = 0;
  /** A buffer of the task's own, given back when it ends. */
  protected scratch: Lease | null = null;
  #storeBusy = false;
  /** The command has ended; the task stays until the store lets go of it. */
  #left = false;
  #storeCalls = 0;
  /** For `look`: what was seen last, and how many looks have seen the same. */
  #seen = -1;
  #looks = 0;
  #whenGone: (() => void)[] | null = null;
  #tellsAborted = false;
  #discarded: DiscardedData | null = null;

  constructor(unit: TaskUnit, command: Command, spec: CommandSpec) {
    this.unit = unit;
    this.command = command;
    this.spec = spec;
  }

  /** Checks CDB and lengths, and finds the range: what is wrong with them, or null. */
  abstract prepare(): Sense | null;
  protected abstract run(): void;

  grant(_length: number): void {}

  dataOutBuffer(offset: number, length: number): Uint8Array {
    this.#discarded ??= new DiscardedData(this.unit.pool);
    return this.#discarded.dataOutBuffer(offset, length);
  }

  dataOutArrived(): void {
    this.#discarded?.dataOutArrived();
  }

  dataOutLost(): void {
    this.#discarded?.dataOutLost();
  }

  /**
   * For the task set. Reservations count now, not when the command arrives: SPC-4 5.12.1 lets a reservation apply to commands that were
   * in the task set before it, and so a write that waited does not run against a PREEMPT that did not.
   */
  becomeRunning(): void {
    this.state = TaskState.running;
    if (!this.endedByReservation() && !this.#endedByWriteProtection()) this.run();
  }

  /** Calls back when the task has ended, or waits for its initiator. Until then it may be changing blocks. */
  whenQuiet(done: () => void): void {
    done();
  }

  /**
   * `whenGone` is called once the task has left the task set. Mark several tasks as `aborting` before this. `tells`: the initiator
   * is answered with TASK ABORTED, unless it aborts the task itself meanwhile.
   */
  abort(whenGone: () => void, tells: boolean): void {
    if (this.state === TaskState.ended) return whenGone();
    this.aborting = true;
    this.#tellsAborted = tells && (this.#tellsAborted || this.#whenGone === null);
    this.#whenGone ??= [];
    this.#whenGone.push(whenGone);
    if (!this.#storeBusy) this.#becomeGone();
  }

  get isInStore(): boolean {
    return this.#storeBusy;
  }

  get isLeft(): boolean {
    return this.#left;
  }

  /** Once every `lookMilliseconds`: how long it has waited for the store, or for other tasks. */
  look(): number {
    this.#looks = this.#seen === this.#storeCalls ? this.#looks + 1 : 0;
    this.#seen = this.#storeCalls;
    return this.#looks * ScsiLimits.lookMilliseconds;
  }

  /**
   * The store has not called back in time. The initiator waits no longer; the task stays in the task set until the store
   * returns, so that nothing overlapping runs before. Whether a write has happened is not known, and no status may say that.
   */
  leaveToStore(): void {
    const { command } = this;
    this.#left = true;
    this.command = leftCommand(command);
    if (this.aborting && !this.#tellsAborted) command.aborted();
    else if (!changesNothing(this.spec)) command.outcomeUnknown('the store does not answer');
    else
      command.complete({
        status: Status.checkCondition,
        sense: sense.notReadyUnavailable(),
        presentedLength: 0,
      });
  }

  /** For a task that waits: it has changed nothing. */
  endBusy(): void {
    this.#complete(Status.busy, null);
  }

  endUnavailable(): void {
    this.fail(sense.notReadyUnavailable());
  }

  protected get storeBusy(): boolean {
    return this.#storeBusy;
  }

  /** The buffers that belong to the task go back to the pool. */
  protected releaseBuffers(): void {
    this.scratch?.release();
    this.scratch = null;
  }

  protected becomeEnded(): void {
    this.state = TaskState.ended;
    this.releaseBuffers();
  }

  protected succeed(): void {
    this.#complete(Status.good, null);
  }

  protected conflict(): void {
    this.#complete(Status.reservationConflict, null);
  }

  /** Ends the task if a reservation stands against it now. */
  protected endedByReservation(): boolean {
    if (!this.unit.reservations.forbids(this.spec, this.command)) return false;
    this.conflict();
    return true;
  }

  protected fail(reason: Sense): void {
    this.#complete(Status.checkCondition, reason);
  }

  /** The last data-in ends the command. */
  protected endWithData(offset: number, data: Lease): void {
    this.becomeEnded();
    const result = { status: Status.good, sense: null, presentedLength: this.presentedLength };
    this.command.sendDataIn(offset, data, result);
    this.unit.taskEnded(this);
  }

  /** [lba, lba + blocks) has to be on the unit, and no longer than `maxBlocks`. */
  protected takeRange(lba: number, blocks: number, maxBytes: number): Sense | null {
    const { blockCount, blockLength } = this.unit.identity;
    if (lba + blocks > blockCount) return sense.lbaOutOfRange();
    if (blocks * blockLength > maxBytes) return sense.invalidFieldInCdb();
    this.firstBlock = lba;
    this.endBlock = lba + blocks;
    return null;
  }

  /** The store begins to work for the task. */
  protected storeCalled(): void {
    this.#storeBusy = true;
    this.#storeCalls += 1;
    this.command.timing?.enter(Stage.stored);
  }

  /** The store has called back. False: the task was aborted meanwhile, and has gone now. */
  protected storeReturned(): boolean {
    this.#storeBusy = false;
    if (!this.aborting && !this.#left) return true;
    this.#becomeGone();
    return false;
  }

  /** One call into the store, and what to do when it has succeeded. */
  protected callStore(during: 'read' | 'write', call: (done: StoreDone) => void, then: () => void): void {
    this.storeCalled();
    call((error: Errno | null) => {
      if (!this.storeReturned()) return;
      if (error !== null) return this.fail(senseOfErrno(error, during));
      then();
    });
  }

  /**
   * Calls into the store, one after the other. `next` makes one, or says false when there are no more. A loop, not recursion,
   * where the store calls back at once.
   */
  protected callStoreRepeatedly(
    during: 'read' | 'write',
    next: (done: StoreDone) => boolean,
    then: () => void,
  ): void {
    let inCall = false;
    let again = false;
    const step = () => {
      do {
        again = false;
        inCall = true;
        this.storeCalled();
        const more = next(returned);
        inCall = false;
        if (!more) {
          this.#storeBusy = false;
          return then();
        }
      } while (again);
    };
    const returned = (error: Errno | null) => {
      if (!this.storeReturned()) return;
      if (error !== null) return this.fail(senseOfErrno(error, during));
      if (inCall) again = true;
      else step();
    };
    step();
  }

  #endedByWriteProtection(): boolean {
    const { writeProtection } = this.unit;
    if (writeProtection === null || !changesMedium(this.spec)) return false;
    this.fail(writeProtection);
    return true;
  }

  #complete(status: number, reason: Sense | null): void {
    this.becomeEnded();
    this.command.complete({ status, sense: reason, presentedLength: this.presentedLength });
    this.unit.taskEnded(this);
  }

  #becomeGone(): void {
    this.becomeEnded();
    const { command, presentedLength } = this;
    if (this.#tellsAborted) command.complete({ status: Status.taskAborted, sense: null, presentedLength });
    else command.aborted();
    this.unit.taskEnded(this);
    const whenGone = this.#whenGone ?? [];
    this.#whenGone = null;
    for (const call of whenGone) call();
  }
}
