/** EXTENDED COPY (SPC-4 6.4, 6.5): receives the list, checks it, and copies. */
import { ScsiLimits } from '../../limits.ts';
import { u32 } from '../../wire/scsi/bytes.ts';
import { CopyOperationStatus, type CopyProgress } from '../../wire/scsi/copy/copy-results.ts';
import {
  decodeExtendedCopyLid1,
  decodeExtendedCopyLid4,
  type ExtendedCopyList,
} from '../../wire/scsi/copy/extended-copy.ts';
import { ServiceAction } from '../../wire/scsi/opcodes.ts';
import { type Sense, sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { TaskManagementResponse } from '../logical-unit.ts';
import type { LunMap } from '../router/lun-map.ts';
import { AdmittedTask, type AdmittedTaskOptions } from './admitted-task.ts';
import type { CopyNexus, IdentifiedCopy } from './copy-nexus.ts';
import { type CopyEnding, CopyOperation, type OperationParts } from './copy-operation.ts';
import { planCopy, senseOfMistake } from './copy-plan.ts';
import { ListReceiver } from './list-receiver.ts';

const LIST_LENGTH_AT = 10;

export interface ExtendedCopyOptions extends AdmittedTaskOptions {
  readonly serviceAction: number;
  readonly map: LunMap;
  readonly nexus: CopyNexus;
  readonly parts: OperationParts;
}

export class ExtendedCopyTask extends AdmittedTask implements IdentifiedCopy {
  readonly serviceAction: number;
  listIdentifier = 0;
  usage = 0;
  readonly #options: ExtendedCopyOptions;
  readonly #list: ListReceiver;
  readonly #listLength: number;
  #goodWithSense = false;
  #operation: CopyOperation | null = null;
  #result: { readonly status: number; readonly sense: Sense | null } | null = null;
  readonly #whenOver: (() => void)[] = [];

  constructor(options: ExtendedCopyOptions) {
    super(options);
    this.#options = options;
    this.serviceAction = options.serviceAction;
    this.#listLength = u32(options.command.cdb, LIST_LENGTH_AT);
    const { dataOutLength } = options.command;
    this.#list = new ListReceiver(options.command, this.pool, Math.min(this.#listLength, dataOutLength));
  }

  get progress(): CopyProgress {
    const result = this.#result;
    const failed = result !== null && result.status !== Status.good;
    const ended = failed ? CopyOperationStatus.failed : CopyOperationStatus.completed;
    return {
      operation: result === null ? CopyOperationStatus.inForeground : ended,
      serviceAction: this.serviceAction,
      commands: this.#operation?.commands ?? 0,
      segments: this.#operation?.segmentsBegun ?? 0,
      bytes: this.#operation?.bytes ?? 0,
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
    this.#operation?.cancel();
  }

  protected run(): void {
    const { dataOutLength } = this.command;
    if (this.#listLength > ScsiLimits.maxParameterListLength || dataOutLength < this.#listLength) {
      return this.#fail(sense.parameterListLengthError());
    }
    // SPC-4 6.4.1: no list, nothing to do, and no error.
    if (this.#listLength === 0) this.#finish(Status.good, null);
    else this.#takeList();
  }

  protected override becomeOver(): void {
    this.#list.drop();
    super.becomeOver();
  }

  #takeList(): void {
    const bytes = this.#list.take();
    if (bytes === null) return;
    const isLid1 = this.serviceAction === ServiceAction.extendedCopyLid1;
    const list = isLid1 ? decodeExtendedCopyLid1(bytes) : decodeExtendedCopyLid4(bytes);
    if (typeof list === 'string') return this.#fail(senseOfMistake(list));
    this.#begin(list);
  }

  #begin(list: ExtendedCopyList): void {
    const { nexus, map, parts } = this.#options;
    this.listIdentifier = list.listIdentifier;
    this.usage = list.usage;
    this.#goodWithSense = list.goodWithSense;
    const problem = nexus.begin(this);
    if (problem !== null) return this.#fail(problem);
    const plan = planCopy(list, map, this.unit);
    if ('key' in plan) return this.#fail(plan);
    this.#operation = new CopyOperation(parts, nexus, plan, (how) => this.#operationEnded(how));
    this.#operation.start();
  }

  #operationEnded(how: CopyEnding): void {
    if (how === 'aborted') {
      this.#result = { status: Status.taskAborted, sense: null };
      this.#options.nexus.end(this);
      this.becomeAborted();
      return this.#tellThatItIsOver();
    }
    if (how !== null) return this.#fail(how);
    const segment = this.#operation?.segmentsBegun ?? 0;
    const told = { ...sense.extendedCopyInformation(), copy: { segment, pointer: null, forwarded: null } };
    this.#finish(Status.good, this.#goodWithSense ? told : null);
  }

  #fail(reason: Sense): void {
    this.#finish(Status.checkCondition, reason);
  }

  #finish(status: number, reason: Sense | null): void {
    this.#result = { status, sense: reason };
    this.#options.nexus.end(this);
    this.complete({ status, sense: reason, presentedLength: this.#listLength });
    this.#tellThatItIsOver();
  }

  #tellThatItIsOver(): void {
    for (const call of this.#whenOver.splice(0)) call();
  }
}
