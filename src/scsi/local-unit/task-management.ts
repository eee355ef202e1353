/** What ends tasks from outside: task management (SAM-5 7), a lost nexus, PREEMPT AND ABORT. */
import { sense } from '../../wire/scsi/sense.ts';
import { TaskManagementFunction, type TaskManagementResponse } from '../logical-unit.ts';
import { type Nexus, nexusKey } from '../nexus.ts';
import type { ModeParameters } from './mode-parameters.ts';
import type { TaskSet } from './task-set.ts';
import type { UnitAttentions } from './unit-attentions.ts';
import { TaskState, type UnitTask } from './unit-task.ts';

export class TaskManagement {
  readonly #tasks: TaskSet;
  readonly #attentions: UnitAttentions;
  readonly #modes: ModeParameters;

  constructor(tasks: TaskSet, attentions: UnitAttentions, modes: ModeParameters) {
    this.#tasks = tasks;
    this.#attentions = attentions;
    this.#modes = modes;
  }

  manage(
    nexus: Nexus,
    what: Exclude<TaskManagementFunction, typeof TaskManagementFunction.logicalUnitReset>,
    tag: number,
    done: (response: TaskManagementResponse) => void,
  ): void {
    switch (what) {
      case TaskManagementFunction.abortTask:
        return this.#abortTask(nexus, tag, done);
      case TaskManagementFunction.abortTaskSet:
        return this.#abort(this.#tasksOf(nexus), nexus, () => done('complete'));
      case TaskManagementFunction.clearTaskSet:
        return this.#clearTaskSet(nexus, () => done('complete'));
      case TaskManagementFunction.clearAca:
        // No command makes an ACA condition here: INQUIRY says NORMACA 0.
        return done('rejected');
      default:
        return what satisfies never;
    }
  }

  /** Gives the number of its tasks: their aborting has begun. */
  loseNexus(nexus: Nexus): number {
    const tasks = this.#tasksOf(nexus);
    this.#abort(tasks, nexus, () => {});
    return tasks.length;
  }

  /** The reservations have changed: see TaskUnit. */
  enforceReservation(
    by: UnitTask,
    aborted: ReadonlySet<string>,
    isForbidden: (task: UnitTask) => boolean,
    done: () => void,
  ): void {
    const victims = this.#tasks.select(
      (task) => task !== by && aborted.size > 0 && aborted.has(nexusKey(task.command.nexus)),
    );
    this.#tellOthers(victims, by.command.nexus);
    const forbidden = this.#tasks.select((task) => task.state === TaskState.running && isForbidden(task));
    let left = forbidden.length + 1;
    const one = () => {
      left -= 1;
      if (left === 0) done();
    };
    this.#abort(victims, by.command.nexus, one);
    for (const task of forbidden) task.whenQuiet(one);
  }

  /** Of every nexus, by the action of this one. */
  abortAll(by: Nexus, taskAbortedStatus: boolean, done: () => void): void {
    abort(
      this.#tasks.select(() => true),
      taskAbortedStatus ? by : null,
      done,
    );
  }

  #abortTask(nexus: Nexus, tag: number, done: (response: TaskManagementResponse) => void): void {
    const tasks = this.#tasks.select((task) => task.command.nexus === nexus && task.command.tag === tag);
    if (tasks.length === 0) return done('taskDoesNotExist');
    this.#abort(tasks, nexus, () => done('complete'));
  }

  /** SAM-5 7.5: all nexuses share the task set. */
  #clearTaskSet(nexus: Nexus, done: () => void): void {
    const tasks = this.#tasks.select(() => true);
    this.#tellOthers(tasks, nexus);
    this.#abort(tasks, nexus, done);
  }

  /** With TAS the status of each command tells its initiator, and no unit attention does (SAM-5 5.14). */
  #tellOthers(tasks: readonly UnitTask[], by: Nexus): void {
    if (this.#modes.current.taskAbortedStatus) return;
    const others = new Set(tasks.map((task) => task.command.nexus));
    others.delete(by);
    for (const other of others) this.#attentions.establishFor(other, sense.commandsCleared());
  }

  #tasksOf(nexus: Nexus): UnitTask[] {
    return this.#tasks.select((task) => task.command.nexus === nexus);
  }

  #abort(tasks: readonly UnitTask[], by: Nexus, done: () => void): void {
    abort(tasks, this.#modes.current.taskAbortedStatus ? by : null, done);
  }
}

/** All are marked first: none of them starts because another has gone. `tells`: all nexuses but this one; null: none. */
function abort(tasks: readonly UnitTask[], tells: Nexus | null, done: () => void): void {
  let left = tasks.length;
  if (left === 0) return done();
  for (const task of tasks) task.aborting = true;
  for (const task of tasks) {
    const gone = () => {
      left -= 1;
      if (left === 0) done();
    };
    task.abort(gone, tells !== null && task.command.nexus !== tells);
  }
}
