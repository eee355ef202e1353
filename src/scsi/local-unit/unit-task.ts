import assert from 'node:assert/strict';
import type { Lease } from '../../buffers/buffer-pool.ts';
import type { Errno } from '../../env/disk.ts';
import { Stage } from '../../latency/stage.ts';
import { ScsiLimits } from '../../limits.ts';
import type { StoreDone } from '../../stores/block-store.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import { changesMedium, changesNothing } from '../command-table.ts';
import type { Command } from '../logical-unit.ts';
import { leftCommand } from './left-command.ts';
import { LentTask } from './lent-task.ts';
import { senseOfErrno } from './store-error.ts';

/** waiting in the task set for older tasks; running; ended, and harmless from then on. */
export const TaskState = { waiting: 0, running: 1, ended: 2 } as const;
export type TaskState = (typeof TaskState)[keyof typeof TaskState];

/**
 * One execution of a command by a local unit. Subclasses say what it does: `prepare` reads the CDB before the task joins the task
 * set, `run` begins the work when the task set lets it.
 *
 * A task that is aborted while the store works for it stays in the task set until the store calls back, so that nothing
 * overlapping starts meanwhile: every callback of the store goes through `storeSucceeded`.
 */
export abstract class UnitTask extends LentTask {
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

  override begin(command: Command): void {
    super.begin(command);
    this.state = TaskState.waiting;
    this.aborting = false;
    this.firstBlock = 0;
    this.endBlock = 0;
    this.older = null;
    this.newer = null;
    this.waiters = null;
    this.heldAt = 0;
    this.presentedLength = 0;
    this.scratch = null;
    this.#storeBusy = false;
    this.#left = false;
    this.#storeCalls = 0;
    this.#seen = -1;
    this.#looks = 0;
    this.#whenGone = null;
    this.#tellsAborted = false;
  }

  /** Checks CDB and lengths, and finds the range: what is wrong with them, or null. */
  abstract prepare(): Sense | null;
  protected abstract run(): void;

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
    this.replaceCommand(leftCommand(command));
    if (this.aborting && !this.#tellsAborted) command.aborted();
    else if (!changesNothing(this.spec)) command.outcomeUnknown('the store does not answer');
    else command.complete(this.result(Status.checkCondition, sense.notReadyUnavailable(), 0));
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
    const ranThrough = this.#ranThrough;
    this.becomeEnded();
    this.command.sendDataIn(offset, data, this.result(Status.good, null, this.presentedLength));
    this.#leave(ranThrough);
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
    assert(this.#storeBusy, 'a store calls back once');
    this.#storeBusy = false;
    const goesOn = !this.aborting && !this.#left;
    if (!goesOn) this.#becomeGone();
    return goesOn;
  }

  /** The store has called back. False: not with success, and the task has ended. */
  protected storeSucceeded(error: Errno | null, during: 'read' | 'write'): boolean {
    if (!this.storeReturned()) return false;
    if (error !== null) this.fail(senseOfErrno(error, during));
    return error === null;
  }

  /** One call into the store, and what to do when it has succeeded. */
  protected callStore(during: 'read' | 'write', call: (done: StoreDone) => void, then: () => void): void {
    this.storeCalled();
    call((error: Errno | null) => {
      if (this.storeSucceeded(error, during)) then();
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
      if (!this.storeSucceeded(error, during)) return;
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
    const ranThrough = this.#ranThrough;
    this.becomeEnded();
    this.command.complete(this.result(status, reason, this.presentedLength));
    this.#leave(ranThrough);
  }

  /**
   * Nothing has come between, and nothing is on its way to it. Who has waited may still be known to the one that it waited for, who was held
   * to the gate, who was aborted to what has aborted it: they do not begin again.
   */
  get #ranThrough(): boolean {
    return this.state === TaskState.running && !this.aborting && !this.#left && this.heldAt === 0;
  }

  /** Nothing may be done with the task behind it: it may be another command's by then. */
  #leave(ranThrough: boolean): void {
    this.unit.taskEnded(this);
    if (ranThrough && !this.aborting) this.becomeOver();
  }

  protected override becomeSpare(): void {
    this.unit.spares.add(this);
  }

  #becomeGone(): void {
    this.becomeEnded();
    const { command, presentedLength } = this;
    // A new one: what the command was left with may still be its transport's.
    if (this.#tellsAborted) command.complete({ status: Status.taskAborted, sense: null, presentedLength });
    else command.aborted();
    this.unit.taskEnded(this);
    const whenGone = this.#whenGone ?? [];
    this.#whenGone = null;
    for (const call of whenGone) call();
  }
}
