/**
 * A third-party copy command at the system where it has arrived. First its unit's owner has to let it through: as the initiator's own
 * command, with its tag, so that its unit attentions, its order and the reservations hold, and task management finds it.
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import { Stage } from '../../latency/stage.ts';
import { DiscardedData } from '../discarded-data.ts';
import type { Command, CommandResult, LogicalUnit, TaskManagementResponse } from '../logical-unit.ts';
import { UnitCommand, type UnitOutcome } from './unit-command.ts';

const CDB_LENGTH = 16;

const Phase = { atOwner: 0, running: 1, over: 2 } as const;
type Phase = (typeof Phase)[keyof typeof Phase];

export interface AdmittedTaskOptions {
  readonly command: Command;
  readonly unit: LogicalUnit;
  readonly lun: number;
  readonly pool: BufferPool;
  /** It has ended, and its command is about to. */
  readonly ended: (task: AdmittedTask) => void;
}

export abstract class AdmittedTask extends DiscardedData {
  readonly command: Command;
  readonly unit: LogicalUnit;
  readonly lun: number;
  protected readonly pool: BufferPool;
  readonly #ended: (task: AdmittedTask) => void;
  #phase: Phase = Phase.atOwner;

  constructor(options: AdmittedTaskOptions) {
    super(options.pool);
    this.command = options.command;
    this.unit = options.unit;
    this.lun = options.lun;
    this.pool = options.pool;
    this.#ended = options.ended;
  }

  /** The owner has let it through, with what it has to say. */
  protected abstract run(told: Uint8Array): void;
  /** For a command that runs. `done` comes behind its end, but for 'rejected'. */
  abstract abort(done: (response: TaskManagementResponse) => void): void;
  /** The nexus is lost. */
  abstract lose(): void;

  /** Bytes of data that the owner may have for it. */
  protected get askedLength(): number {
    return 0;
  }

  get isRunning(): boolean {
    return this.#phase === Phase.running;
  }

  get isOver(): boolean {
    return this.#phase === Phase.over;
  }

  start(): void {
    const { nexus, tag, taskAttribute } = this.command;
    // What may stand behind it is between a copy manager and an owner.
    const cdb = this.command.cdb.subarray(0, CDB_LENGTH);
    const dataIn = new Uint8Array(this.askedLength);
    const ended = (outcome: UnitOutcome, received: number) =>
      this.#answered(outcome, dataIn.subarray(0, received));
    new UnitCommand({ unit: this.unit, nexus, tag, taskAttribute, cdb, dataIn, ended }).start();
  }

  protected complete(result: CommandResult): void {
    this.becomeOver();
    this.command.complete(result);
  }

  protected becomeAborted(): void {
    this.becomeOver();
    this.command.aborted();
  }

  protected becomeOver(): void {
    this.#phase = Phase.over;
    this.#ended(this);
  }

  #answered(outcome: UnitOutcome, told: Uint8Array): void {
    if (outcome === 'aborted') return this.becomeAborted();
    if ('unknown' in outcome) {
      this.becomeOver();
      return this.command.outcomeUnknown(outcome.unknown);
    }
    if (outcome.status !== 0) return this.complete(outcome);
    this.#phase = Phase.running;
    this.command.timing?.enter(Stage.stored);
    this.run(told);
  }
}
