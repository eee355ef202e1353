import { ScsiLimits } from '../../limits.ts';
import { type CommandSpec, commands } from '../command-table.ts';
import type { UnitTask } from './unit-task.ts';

/** Tasks of a unit that nothing refers to, by their command, for the next one of each: so that a command needs none of its own. */
export class SpareTasks {
  readonly #tasks: readonly UnitTask[][] = commands.map(() => []);

  take({ index }: CommandSpec): UnitTask | null {
    return this.#tasks[index]?.pop() ?? null;
  }

  add(task: UnitTask): void {
    const spare = this.#tasks[task.spec.index] ?? [];
    if (spare.length < ScsiLimits.spareTasksPerCommand) spare.push(task);
  }
}
