/** One command of a session, from its PDU to its answer. The objects are reused within the session. */
import assert from 'node:assert/strict';
import type { Lease } from '../../buffers/buffer-pool.ts';
import { Path, Stage } from '../../latency/stage.ts';
import type { Timing } from '../../latency/timing.ts';
import { IscsiLimits } from '../../limits.ts';
import type { Command, CommandResult, Task, TaskAttribute } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import { cmdSNOf, initiatorTaskTag, isFinal, isImmediate } from '../../wire/iscsi/bhs.ts';
import { CDB_LENGTH } from '../../wire/iscsi/scsi-command.ts';
import { decodeLun } from '../../wire/scsi/lun.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { Waiting } from '../session/numbering.ts';
import { sendResponse } from './answers.ts';
import { cdbOf, dataInLengthOf, dataOutLengthOf, taskAttributeOf } from './command-header.ts';
import { type DataInOwner, DataInTransfer } from './data-in-transfer.ts';
import { type DataOutOwner, DataOutReceiver } from './data-out-receiver.ts';
import type { DataOutTransfer } from './data-out-transfer.ts';
import { HeldTask } from './held-task.ts';
import { Standstill } from './standstill.ts';
import type { CommandPath, TaskHost } from './task-host.ts';
import { State } from './task-state.ts';

export class ScsiTask implements Command, DataInOwner, DataOutOwner, Waiting {
  readonly nexus: Nexus;
  cdb: Uint8Array;
  taskAttribute: TaskAttribute = 0;
  tag = 0;
  dataOutLength = 0;
  dataInLength = 0;
  unsolicitedLength = 0;
  dataInCredit = 0;
  readonly readSetLength = IscsiLimits.readSetLength;
  timing: Timing | null = null;
  lun = -1;
  cmdSN = 0;
  immediate = false;
  readonly lunBytes = new Uint8Array(8);
  readonly dataOut: DataOutTransfer;

  /** Its connection allegiance. */
  path: CommandPath;
  readonly #host: TaskHost;
  readonly #dataIn: DataInTransfer;
  readonly receiver: DataOutReceiver;
  readonly #shortCdb = new Uint8Array(CDB_LENGTH);
  #state: State = State.idle;
  /** Until nothing refers to this object: behind the end of the command it may still be filling a buffer. */
  #task: Task | null = null;
  #held: HeldTask | null = null;
  #result: CommandResult | null = null;
  /** Data-In and R2T PDUs sent. */
  dataPdus = 0;
  /** Inside the router's execute. */
  #starting = false;
  readonly #standstill = new Standstill();

  constructor(host: TaskHost, path: CommandPath) {
    this.#host = host;
    this.path = path;
    this.nexus = host.nexus;
    this.cdb = this.#shortCdb;
    this.#dataIn = new DataInTransfer(host.credit, this);
    this.receiver = new DataOutReceiver(host, this);
    this.dataOut = this.receiver.transfer;
  }

  get expectedLength(): number {
    return this.dataOutLength + this.dataInLength;
  }

  /** It waits for its turn. */
  get isHeld(): boolean {
    return this.#state === State.held;
  }

  /** It waits for data before it can be answered. */
  get hasResult(): boolean {
    return this.#state === State.resultHeld;
  }

  /** `header`: a SCSI Command without a mistake, which came by `path`; `immediate`: bytes of data behind it. */
  start(path: CommandPath, header: Uint8Array, extendedCdb: Uint8Array | null, immediate: number): void {
    this.path = path;
    this.tag = initiatorTaskTag(header);
    this.cmdSN = cmdSNOf(header);
    this.immediate = isImmediate(header);
    this.lun = decodeLun(header, 8);
    for (let i = 0; i < 8; i++) this.lunBytes[i] = header[8 + i] ?? 0;
    this.taskAttribute = taskAttributeOf(header);
    this.dataOutLength = dataOutLengthOf(header);
    this.dataInLength = dataInLengthOf(header);
    this.cdb = cdbOf(header, extendedCdb, this.#shortCdb);
    this.timing = this.#host.stages.begin(Path.direct, this.cdb, path.connection);
    const final = isFinal(header) || this.dataOutLength === 0;
    this.dataOut.start(this.dataOutLength, immediate, final, path.parameters);
    this.unsolicitedLength = this.dataOut.unsolicitedLength;
    this.dataPdus = 0;
    this.#standstill.reset();
  }

  /** Once every `lookMilliseconds`: what has been waited for too long, or null. */
  look(): string | null {
    const stood = this.#standstill.look(this.dataOut.progress + this.dataPdus);
    if (stood >= IscsiLimits.dataOutMilliseconds && this.dataOut.due) return 'data-out does not come';
    return stood >= IscsiLimits.commandMilliseconds ? 'a command does not end' : null;
  }

  becomeHeld(): void {
    this.#state = State.held;
    this.#held = new HeldTask(this.#host.pool, this.unsolicitedLength);
    this.#task = this.#held;
  }

  /** The command's turn has come. */
  deliver(): void {
    const held = this.#held;
    this.#held = null;
    this.becomeRunning();
    if (this.#state === State.running && this.#task !== null) held?.becomes(this.#task);
    else held?.discard();
  }

  becomeRunning(): void {
    this.#state = State.running;
    this.dataInCredit = this.#dataIn.start(this.dataInLength);
    this.#host.counters.commandsReceived += 1;
    this.#starting = true;
    const task = this.#host.router.execute(this.lun, this);
    this.#starting = false;
    this.#begun(task);
  }

  /** The command may have ended before the router has given its task. */
  #begun(task: Task): void {
    this.#task = task;
    if (this.#state === State.over) this.#reuse();
    else if (this.dataInCredit === 0) this.#dataIn.waitForCredit();
  }

  get dataOutTask(): Task | null {
    return this.#state === State.running || this.#state === State.held ? this.#task : null;
  }

  /** Data of it is in the current PDU: the object stays this command's until it has arrived. */
  expectData(): void {
    this.receiver.expect();
  }

  /** Where `length` (not 0) bytes of the data-out go that come now. */
  dataOutBuffer(length: number): Uint8Array | null {
    return this.receiver.buffer(length);
  }

  immediateArrived(length: number): void {
    this.dataOut.immediateArrived(length);
    this.#dataArrived(length);
  }

  dataOutArrived(length: number, final: boolean): void {
    this.dataOut.arrived(length, final);
    this.#dataArrived(length);
  }

  /** The data of the PDU is wrong: what was asked for is asked for again. */
  dataOutWrong(length: number, final: boolean): void {
    this.receiver.lost();
    this.dataOut.arrivedWrong(length, final);
    this.#goOn();
  }

  /** `path` takes it up, for its connection is lost (RFC 7143 7.2.2). */
  takenUp(path: CommandPath): void {
    this.path = path;
    this.dataOut.restart();
    this.#standstill.reset();
    this.#goOn();
  }

  #dataArrived(length: number): void {
    this.#host.counters.bytesWritten += length;
    this.receiver.arrived();
    this.#goOn();
  }

  /** After data has come or was asked for: the next R2T, or the answer that had to wait. */
  #goOn(): void {
    if (this.#state === State.running) this.dataPdus += this.receiver.askForData(this.dataPdus);
    else if (this.#result !== null && !this.dataOut.due) this.#answer(this.#result);
    else if (this.#state === State.over) this.#reuse();
  }

  receiveDataOut(offset: number, length: number): void {
    if (this.#state !== State.running) return;
    assert(offset + length <= this.dataOutLength, 'data-out is asked for within what is expected');
    this.dataOut.ask(offset, length);
    this.dataPdus += this.receiver.askForData(this.dataPdus);
  }

  sendDataIn(offset: number, data: Lease, final: CommandResult | null): void {
    const length = data.bytes.length;
    if (this.#state !== State.running || length === 0) {
      data.release();
      if (final !== null) this.complete(final);
      return;
    }
    const { path, tag } = this;
    const good = final !== null && final.status === Status.good && final.sense === null;
    const status = good && path.collapsesStatus ? final : null;
    this.#dataIn.sending(offset, length);
    this.#host.counters.bytesRead += length;
    if (status !== null) this.#countAnswer();
    this.dataPdus += path.sendDataIn(this, this.dataPdus, offset, data, status, final !== null);
    if (status !== null) this.#becomeAnswered();
    path.afterDataIn(tag, this.#dataIn.mark(length));
    if (status === null && final !== null) this.complete(final);
  }

  complete(result: CommandResult): void {
    if (this.#state !== State.running) return;
    if (this.dataOut.due) {
      this.#state = State.resultHeld;
      this.#result = result;
      this.timing?.enter(Stage.received);
    } else this.#answer(result);
  }

  #answer(result: CommandResult): void {
    this.#countAnswer();
    const inDescriptors = result.sense !== null && this.#host.router.descriptorSense(this.nexus, this.lun);
    sendResponse(this.path, this.tag, this.dataPdus, result, this.expectedLength, inDescriptors);
    this.#becomeAnswered();
  }

  #becomeAnswered(): void {
    if (this.timing !== null) this.path.connection.afterSending(this.timing);
    this.#becomeOver(false);
  }

  /** Before the answer is made, so that it carries the window that it opens. */
  #countAnswer(): void {
    this.timing?.enter(Stage.answered);
    this.#host.counters.responsesSent += 1;
    if (!this.immediate) this.#host.numbering.answered();
  }

  outcomeUnknown(reason: string): void {
    if (this.#state !== State.running) return;
    this.#becomeOver(false);
    this.#host.dropSession(reason);
  }

  aborted(): void {
    if (this.#state === State.running) this.abandon();
  }

  /** Ends the command without an answer. For one that its unit does not have: held, or with its result. */
  abandon(): void {
    this.#held?.discard();
    this.#held = null;
    if (!this.immediate && this.#state !== State.held) this.#host.numbering.answered();
    this.path.dataAbandoned(this.tag);
    this.#becomeOver(this.dataOut.due);
  }

  /** The session is over. Buffers go back; its unit will be told that the nexus is lost. */
  sessionOver(): void {
    this.#held?.discard();
    this.#held = null;
    this.#state = State.over;
    this.dataOut.drop();
    this.#dataIn.end();
  }

  #becomeOver(dataDue: boolean): void {
    this.#state = State.over;
    this.#result = null;
    this.dataOut.drop();
    this.#host.removed(this, dataDue);
    this.#dataIn.end();
    this.#reuse();
  }

  dataInGranted(amount: number): void {
    this.#task?.grant(amount);
  }

  dataInSettled(): void {
    this.#reuse();
  }

  #reuse(): void {
    if (this.#state !== State.over || this.#starting || this.receiver.receiving || !this.#dataIn.settled)
      return;
    this.#state = State.idle;
    this.#task?.letGo();
    this.#task = null;
    this.#host.reusable(this);
  }
}
