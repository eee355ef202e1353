/** A command that the copy manager gives to a unit, local or proxied, as an initiator would. */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { CopyLimits } from '../../limits.ts';
import {
  type Command,
  type CommandResult,
  type LogicalUnit,
  type Task,
  TaskAttribute,
  TaskManagementFunction,
  type TaskManagementResponse,
} from '../logical-unit.ts';
import type { Nexus } from '../nexus.ts';

export type UnitOutcome = CommandResult | 'aborted' | { readonly unknown: string };

export interface UnitCommandOptions {
  readonly unit: LogicalUnit;
  readonly nexus: Nexus;
  readonly tag: number;
  readonly taskAttribute?: TaskAttribute;
  readonly cdb: Uint8Array;
  /** Where data-in goes, or data-out comes from; it is the command's until `ended`. */
  readonly dataIn?: Uint8Array;
  readonly dataOut?: Uint8Array;
  /** May be called before `start` has returned. `received`: bytes of data-in. */
  readonly ended: (outcome: UnitOutcome, received: number) => void;
}

const NO_BYTES = new Uint8Array(0);

export class UnitCommand implements Command {
  readonly nexus: Nexus;
  readonly cdb: Uint8Array;
  readonly taskAttribute: TaskAttribute;
  readonly tag: number;
  readonly dataOutLength: number;
  readonly dataInLength: number;
  readonly unsolicitedLength = 0;
  /** There is room for all of it from the start. */
  readonly dataInCredit: number;
  readonly readSetLength = CopyLimits.pieceLength;
  readonly timing = null;
  readonly unit: LogicalUnit;
  readonly #dataIn: Uint8Array;
  readonly #dataOut: Uint8Array;
  readonly #ended: (outcome: UnitOutcome, received: number) => void;
  #task: Task | null = null;
  #isOver = false;
  #received = 0;
  /** A range that was asked for before the unit has given its task. */
  #owed: { readonly offset: number; readonly length: number } | null = null;

  constructor(options: UnitCommandOptions) {
    const { dataIn = NO_BYTES, dataOut = NO_BYTES } = options;
    this.unit = options.unit;
    this.nexus = options.nexus;
    this.tag = options.tag;
    this.cdb = options.cdb;
    this.taskAttribute = options.taskAttribute ?? TaskAttribute.simple;
    this.dataInLength = dataIn.length;
    this.dataInCredit = dataIn.length;
    this.dataOutLength = dataOut.length;
    this.#dataIn = dataIn;
    this.#dataOut = dataOut;
    this.#ended = options.ended;
  }

  start(): this {
    this.#task = this.unit.execute(this);
    const owed = this.#owed;
    this.#owed = null;
    if (owed !== null) this.#supply(this.#task, owed.offset, owed.length);
    return this;
  }

  /** `done` comes behind `ended`, where the unit lets go of it. */
  abort(done: (response: TaskManagementResponse) => void): void {
    if (this.#isOver) return done('complete');
    this.unit.manage(this.nexus, TaskManagementFunction.abortTask, this.tag, done);
  }

  receiveDataOut(offset: number, length: number): void {
    if (this.#task === null) this.#owed = { offset, length };
    else this.#supply(this.#task, offset, length);
  }

  sendDataIn(offset: number, data: Lease, final: CommandResult | null): void {
    this.#dataIn.set(data.bytes, offset);
    this.#received += data.bytes.length;
    data.release();
    if (final !== null) this.complete(final);
  }

  complete(result: CommandResult): void {
    this.#end(result);
  }

  outcomeUnknown(reason: string): void {
    this.#end({ unknown: reason });
  }

  aborted(): void {
    this.#end('aborted');
  }

  #supply(task: Task, offset: number, length: number): void {
    task.dataOutBuffer(offset, length).set(this.#dataOut.subarray(offset, offset + length));
    task.dataOutArrived();
  }

  #end(outcome: UnitOutcome): void {
    this.#isOver = true;
    this.#ended(outcome, this.#received);
  }
}
