import assert from 'node:assert/strict';
import type { Sense } from '../../wire/scsi/sense.ts';
import type { CommandSpec } from '../command-table.ts';
import { DiscardedData } from '../discarded-data.ts';
import type { Command, CommandResult, Task } from '../logical-unit.ts';
import type { TaskUnit } from './task-unit.ts';

/**
 * What a task of a local unit is to its transport, to which it is lent: it belongs to one command from `begin` until both have let go
 * of it. Then it may begin again, for another command of its kind (docs/decisions/0016-reuse.md).
 */
export abstract class LentTask implements Task {
  readonly unit: TaskUnit;
  readonly spec: CommandSpec;
  /** Null: it is spare. */
  #command: Command | null;
  #discarded: DiscardedData | null = null;
  /** Nothing of the unit refers to it any more. Nor does the transport. */
  #isOver = false;
  #isLetGo = false;
  readonly #result = { status: 0, sense: null as Sense | null, presentedLength: 0 };

  constructor(unit: TaskUnit, command: Command, spec: CommandSpec) {
    this.unit = unit;
    this.spec = spec;
    this.#command = command;
  }

  /** Whether there is a next command for it. */
  protected get runsAgain(): boolean {
    return false;
  }

  protected abstract becomeSpare(): void;

  /** Nothing is left of the command that it had before. */
  begin(command: Command): void {
    this.#command = command;
    this.#discarded = null;
    this.#isOver = false;
    this.#isLetGo = false;
  }

  get command(): Command {
    if (this.#command === null) throw new Error('a spare task has no command');
    return this.#command;
  }

  /** The command has ended before the task has. */
  protected replaceCommand(command: Command): void {
    this.#command = command;
  }

  /** How the command ended: for the transport, which may keep it until it lets go. */
  protected result(status: number, sense: Sense | null, presentedLength: number): CommandResult {
    const result = this.#result;
    result.status = status;
    result.sense = sense;
    result.presentedLength = presentedLength;
    return result;
  }

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

  letGo(): void {
    assert(!this.#isLetGo, 'a task is let go of once');
    this.#isLetGo = true;
    this.#endLoan();
  }

  /** It is out of the task set, and nothing else of the unit refers to it, nor calls it back. */
  protected becomeOver(): void {
    this.#isOver = true;
    this.#endLoan();
  }

  #endLoan(): void {
    if (!this.#isOver || !this.#isLetGo || !this.runsAgain) return;
    this.#command = null;
    this.becomeSpare();
  }
}
