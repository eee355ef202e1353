/** A command that begins a copy: receives its list, and copies what the list asks for (SPC-4 5.17.4). */
import { ScsiLimits } from '../../limits.ts';
import { u32 } from '../../wire/scsi/bytes.ts';
import { CopyOperationStatus, type CopyProgress } from '../../wire/scsi/copy/copy-results.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { TaskManagementResponse } from '../logical-unit.ts';
import type { LunMap } from '../router/lun-map.ts';
import { AdmittedTask, type AdmittedTaskOptions } from './admitted-task.ts';
import type { CopyLists, IdentifiedCopy } from './copy-lists.ts';
import type { CopyNexus } from './copy-nexus.ts';
import { CopyOperation, type CopyWork, type OperationParts } from './copy-operation.ts';
import { ListReceiver } from './list-receiver.ts';

const LIST_LENGTH_AT = 10;

export interface CopyOutOptions extends AdmittedTaskOptions {
  readonly serviceAction: number;
  readonly map: LunMap;
  readonly nexus: CopyNexus;
  readonly parts: OperationParts;
}

/** How the command has ended. */
interface CopyResult {
  readonly status: number;
  readonly sense: Sense | null;
}

export abstract class CopyOutTask extends AdmittedTask implements IdentifiedCopy {
  readonly serviceAction: number;
  listIdentifier = 0;
  usage = 0;
  /** For the results: see CopyProgress. */
  protected readonly blockLength: number | null = null;
  protected readonly map: LunMap;
  readonly #options: CopyOutOptions;
  readonly #lists: CopyLists;
  readonly #list: ListReceiver;
  readonly #listLength: number;
  #operation: CopyOperation | null = null;
  #result: CopyResult | null = null;
  readonly #whenOver: (() => void)[] = [];

  constructor(options: CopyOutOptions) {
    super(options);
    this.#options = options;
    this.map = options.map;
    this.#lists = options.nexus.listsOf(options.unit);
    this.serviceAction = options.serviceAction;
    this.#listLength = u32(options.command.cdb, LIST_LENGTH_AT);
    // Data may come before the owner has let the command through, and its lengths been looked at.
    const { dataOutLength } = options.command;
    const length = Math.min(this.#listLength, dataOutLength, ScsiLimits.maxParameterListLength);
    this.#list = new ListReceiver(options.command, this.pool, length);
  }

  /** The list is whole. */
  protected abstract listReceived(list: Uint8Array): void;
  /** The copy has ended by itself: null where all was copied. */
  protected abstract copied(failure: Sense | null): void;

  get progress(): CopyProgress {
    const result = this.#result;
    return {
      operation: operationStatusOf(result),
      serviceAction: this.serviceAction,
      commands: this.#operation?.commands ?? 0,
      segments: this.#operation?.segmentsBegun ?? 0,
      bytes: this.#operation?.bytes ?? 0,
      blockLength: this.blockLength,
      status: result?.status ?? 0,
      sense: result?.sense ?? null,
    };
  }

  override dataOutBuffer(offset: number, length: number): Uint8Array {
    if (this.isOver) return super.dataOutBuffer(offset, length);
    return this.#list.buffer(offset, length);
  }

  override dataOutArrived(): void {
    if (!this.#list.isFilling) return super.dataOutArrived();
    this.#list.arrived();
    if (this.isOver) this.#list.drop();
    else if (this.isRunning) this.#takeList();
  }

  override dataOutLost(): void {
    if (!this.#list.isFilling) return super.dataOutLost();
    this.#list.lost();
    if (this.isOver) this.#list.drop();
  }

  abort(done: (response: TaskManagementResponse) => void): void {
    if (this.#operation !== null) return this.#operation.abort(done);
    this.becomeAborted();
    done('complete');
  }

  lose(): void {
    if (this.#operation !== null) this.#operation.lose();
    else this.becomeAborted();
  }

  cancel(done: () => void): void {
    this.#whenOver.push(done);
    if (this.#operation === null) this.fail(sense.copyCleared());
    else this.#operation.cancel();
  }

  protected run(): void {
    const { dataOutLength } = this.command;
    if (this.#listLength > ScsiLimits.maxParameterListLength || dataOutLength < this.#listLength) {
      return this.fail(sense.parameterListLengthError());
    }
    // SPC-4 6.4.1: no list, nothing to do, and no error.
    if (this.#listLength === 0) this.finish(Status.good, null);
    else this.#takeList();
  }

  protected override becomeOver(): void {
    this.#list.drop();
    super.becomeOver();
  }

  /** The copy has a list identifier from now on; or what is wrong with that. */
  protected identify(listIdentifier: number, usage: number): Sense | null {
    this.listIdentifier = listIdentifier;
    this.usage = usage;
    return this.#lists.begin(this);
  }

  protected copy(work: CopyWork): void {
    const { parts, nexus } = this.#options;
    this.#operation = new CopyOperation(parts, nexus, work, (how) => {
      if (how !== 'aborted') return this.copied(how);
      this.#result = { status: Status.taskAborted, sense: null };
      this.#lists.end(this);
      this.becomeAborted();
      this.#tellThatItIsOver();
    });
    this.#operation.start();
  }

  protected fail(reason: Sense): void {
    this.finish(Status.checkCondition, reason);
  }

  protected finish(status: number, reason: Sense | null): void {
    this.#result = { status, sense: reason };
    this.#lists.end(this);
    this.complete({ status, sense: reason, presentedLength: this.#listLength });
    this.#tellThatItIsOver();
  }

  #takeList(): void {
    const list = this.#list.take();
    if (list !== null) this.listReceived(list);
  }

  #tellThatItIsOver(): void {
    for (const call of this.#whenOver.splice(0)) call();
  }
}

function operationStatusOf(result: CopyResult | null): CopyOperationStatus {
  if (result === null) return CopyOperationStatus.inForeground;
  if (result.status === Status.taskAborted) return CopyOperationStatus.terminated;
  return result.status === Status.good ? CopyOperationStatus.completed : CopyOperationStatus.failed;
}
