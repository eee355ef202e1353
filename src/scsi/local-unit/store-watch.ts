/**
 * What becomes of commands whose store does not answer (docs/decisions/0005-stuck-stores.md). Looked at once a second, so that no
 * command has a timer of its own; looks are counted, not milliseconds, so that a process that was stopped blames nobody for it.
 */
import type { Log } from '../../env/log.ts';
import { ScsiLimits } from '../../limits.ts';
import { ConflictClass } from '../conflict-table.ts';
import type { TaskSet } from './task-set.ts';
import { TaskState, type UnitTask } from './unit-task.ts';

export class StoreWatch {
  /** The store has not answered a call within its bound, nor since: the unit is unavailable. */
  stuck = false;
  readonly #name: string;
  readonly #tasks: TaskSet;
  readonly #log: Log;

  constructor(name: string, tasks: TaskSet, log: Log) {
    this.#name = name;
    this.#tasks = tasks;
    this.#log = log;
  }

  /** Once every `lookMilliseconds`. */
  look(): void {
    const overdue = this.#tasks.select((task) => task.look() >= boundOf(task));
    for (const task of overdue) if (task.isInStore && !task.isLeft) this.#leave(task);
    endAll(overdue, (task) => task.endBusy());
    this.#become(this.#tasks.select((task) => task.isLeft).length > 0);
    if (this.stuck) {
      endAll(
        this.#tasks.select(() => true),
        (task) => task.endUnavailable(),
      );
    }
  }

  #leave(task: UnitTask): void {
    const fields = { unit: this.#name, nexus: task.command.nexus.id, command: task.spec.name };
    this.#log.error(fields, 'the store does not answer: a command is left to it');
    task.leaveToStore();
  }

  #become(stuck: boolean): void {
    if (this.stuck === stuck) return;
    this.stuck = stuck;
    if (stuck) this.#log.error({ unit: this.#name }, 'unit unavailable: its store does not answer');
    else this.#log.info({ unit: this.#name }, 'unit available: its store answers again');
  }
}

/** Ends those that wait. All are marked first: none of them starts because another has gone. */
function endAll(tasks: readonly UnitTask[], end: (task: UnitTask) => void): void {
  const waiting = tasks.filter(({ state, aborting }) => state === TaskState.waiting && !aborting);
  for (const task of waiting) task.aborting = true;
  for (const task of waiting) if (task.state === TaskState.waiting) end(task);
}

/** What works on much at a time may take longer. */
function boundOf({ spec, state }: UnitTask): number {
  if (state === TaskState.waiting) return ScsiLimits.waitingMilliseconds;
  const isLong =
    spec.conflict === ConflictClass.flush ||
    spec.conflict === ConflictClass.wholeUnit ||
    spec.name.startsWith('writeSame');
  return isLong ? ScsiLimits.longStoreCallMilliseconds : ScsiLimits.storeCallMilliseconds;
}
