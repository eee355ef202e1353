import { ScsiLimits } from '../../limits.ts';
import { Conflict, ConflictClass, conflict } from '../conflict-table.ts';
import { TaskAttribute } from '../logical-unit.ts';
import { TaskState, type UnitTask } from './unit-task.ts';
import type { WriteGate } from './write-gate.ts';

/**
 * The task set of a logical unit (SAM-5 8): its tasks in order of arrival, from all nexuses. A task starts when no
 * older one is in its way; it then waits for the nearest of those alone, and looks again when that one has gone.
 *
 * Invariant: every waiting task is either held by the gate, or among the waiters of exactly one other task of the set,
 * which does not wait for it.
 */
export class TaskSet {
  #oldest: UnitTask | null = null;
  #newest: UnitTask | null = null;
  #size = 0;
  /** Tasks that a simple read might have to wait for. */
  #obstacles = 0;
  readonly #woken: UnitTask[] = [];
  #waking = false;
  readonly #gate: Pick<WriteGate, 'admits'>;

  constructor(gate: Pick<WriteGate, 'admits'>) {
    this.#gate = gate;
  }

  get full(): boolean {
    return this.#size >= ScsiLimits.maxTasksPerUnit;
  }

  get size(): number {
    return this.#size;
  }

  /** Starts the task, now or when what is in its way has gone. */
  add(task: UnitTask): void {
    const quiet = this.#obstacles === 0 && isSimpleRead(task);
    this.#size += 1;
    if (!isSimpleRead(task)) this.#obstacles += 1;
    if (task.command.taskAttribute === TaskAttribute.headOfQueue) this.#prepend(task);
    else this.#append(task);
    if (quiet) this.start(task);
    else this.#startOrWait(task);
  }

  /** Nothing is in its way but the gate. Again when that looks at the task once more: what it holds counts as begun. */
  start(task: UnitTask): void {
    if (this.#gate.admits(task)) task.becomeRunning();
  }

  /** The task has ended. */
  remove(task: UnitTask): void {
    this.#unlink(task);
    this.#size -= 1;
    if (!isSimpleRead(task)) this.#obstacles -= 1;
    if (task.waiters === null) return;
    for (const waiter of task.waiters) this.#woken.push(waiter);
    task.waiters = null;
    if (!this.#waking) this.#wake();
  }

  /** The tasks for which `chosen` holds, oldest first. */
  select(chosen: (task: UnitTask) => boolean): UnitTask[] {
    const found: UnitTask[] = [];
    for (let task = this.#oldest; task !== null; task = task.newer) if (chosen(task)) found.push(task);
    return found;
  }

  /** Whether a task that runs may be changing blocks of [first, end). */
  isChanging(first: number, end: number): boolean {
    const changing = this.select(
      ({ state, spec: { conflict: what }, firstBlock, endBlock }) =>
        state === TaskState.running &&
        (what === ConflictClass.wholeUnit ||
          (what === ConflictClass.write && firstBlock < end && first < endBlock)),
    );
    return changing.length > 0;
  }

  /** A loop, not recursion: a woken task may end at once and wake the next, thousands of times. */
  #wake(): void {
    this.#waking = true;
    for (let index = 0; index < this.#woken.length; index += 1) {
      const task = this.#woken[index];
      if (task !== undefined && task.state === TaskState.waiting && !task.aborting) this.#startOrWait(task);
    }
    this.#woken.length = 0;
    this.#waking = false;
  }

  #startOrWait(task: UnitTask): void {
    const obstacle = this.#obstacleOf(task);
    if (obstacle === null) this.start(task);
    else if (obstacle.waiters === null) obstacle.waiters = [task];
    else obstacle.waiters.push(task);
  }

  /** The nearest older task that this one has to wait for. */
  #obstacleOf(task: UnitTask): UnitTask | null {
    if (task.command.taskAttribute === TaskAttribute.headOfQueue) return this.#runningConflict(task);
    for (let older = task.older; older !== null; older = older.older) if (mustWait(task, older)) return older;
    return null;
  }

  /**
   * SAM-5 8.6.3: HEAD OF QUEUE goes before every task that waits, but what is running can't be taken back, nor what the
   * gate holds (its proof is good only as long as nothing overtakes it).
   */
  #runningConflict(task: UnitTask): UnitTask | null {
    for (let other = this.#newest; other !== null; other = other.older) {
      const begun = other.state === TaskState.running || other.heldAt > 0;
      if (other !== task && begun && conflicts(task, other)) return other;
    }
    return null;
  }

  #append(task: UnitTask): void {
    task.older = this.#newest;
    if (this.#newest === null) this.#oldest = task;
    else this.#newest.newer = task;
    this.#newest = task;
  }

  #prepend(task: UnitTask): void {
    task.newer = this.#oldest;
    if (this.#oldest === null) this.#newest = task;
    else this.#oldest.older = task;
    this.#oldest = task;
  }

  #unlink(task: UnitTask): void {
    if (task.older === null) this.#oldest = task.newer;
    else task.older.newer = task.newer;
    if (task.newer === null) this.#newest = task.older;
    else task.newer.older = task.older;
    task.older = null;
    task.newer = null;
  }
}

/** What passes everything of its own kind. */
function isSimpleRead(task: UnitTask): boolean {
  return task.spec.conflict <= ConflictClass.read && task.command.taskAttribute === TaskAttribute.simple;
}

/** SAM-5 8.6: everything waits for older ORDERED and HEAD OF QUEUE tasks, and ORDERED waits for everything older. */
function mustWait(newer: UnitTask, older: UnitTask): boolean {
  if (newer.command.taskAttribute === TaskAttribute.ordered) return true;
  if (older.command.taskAttribute !== TaskAttribute.simple) return true;
  return conflicts(newer, older);
}

function conflicts(newer: UnitTask, older: UnitTask): boolean {
  const rule = conflict[newer.spec.conflict]?.[older.spec.conflict];
  if (rule === Conflict.overlap)
    return newer.firstBlock < older.endBlock && older.firstBlock < newer.endBlock;
  return rule !== Conflict.pass;
}
