/** One forwarded command at the system that received it: an exchange, seen from its originator. */
import { Stage } from '../../latency/stage.ts';
import { LinkLimits } from '../../limits.ts';
import { changesNothing, commandOf } from '../../scsi/command-table.ts';
import type { Command, Task } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import { encodeCommand } from '../../wire/interconnect/command.ts';
import { FINAL, FrameType, HEADER_LENGTH, u32 } from '../../wire/interconnect/frame.ts';
import { decodeResult, ResultKind } from '../../wire/interconnect/result.ts';
import { sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { Originator } from './originator.ts';
import type { BudgetShare } from './read-budget.ts';
import { type CreditTaker, ReadWindow } from './read-window.ts';
import { WriteRelay } from './write-relay.ts';

export class ProxiedTask implements Task, CreditTaker {
  readonly nexus: Nexus;
  readonly unitId: number;
  readonly #originator: Originator;
  readonly #exchange: number;
  readonly #nexusId: number;
  readonly #readSetLength: number;
  readonly #writes: WriteRelay;
  readonly #reads: ReadWindow;
  /** Null once the client's transport has been told how it ended. */
  #command: Command | null;
  #commandSent = false;
  #exchangeEnded = false;
  /** Looks since there was progress. */
  #looks = 0;

  /** `promised`: how much of the client's unsolicited data may go to the owner without its asking. */
  constructor(
    originator: Originator,
    exchange: number,
    nexusId: number,
    share: BudgetShare,
    unitId: number,
    command: Command,
    promised: number,
  ) {
    this.nexus = command.nexus;
    this.#originator = originator;
    this.#exchange = exchange;
    this.#nexusId = nexusId;
    this.unitId = unitId;
    this.#command = command;
    this.#writes = new WriteRelay(originator, promised, command.unsolicitedLength, command.dataOutLength);
    this.#readSetLength = Math.min(command.readSetLength, originator.readSetLength);
    command.timing?.enter(Stage.received);
    const { dataInLength, dataInCredit } = command;
    this.#reads = new ReadWindow(originator, share, this, dataInLength, dataInCredit, this.#readSetLength);
  }

  /** Sends COMMAND, with the data that is here. Before that nothing has left this system. */
  send(): void {
    const command = this.#running();
    const { frames } = this.#originator;
    this.#commandSent = true;
    command.timing?.enter(Stage.forwarded);
    const parameters = {
      nexus: this.#nexusId,
      unit: this.unitId,
      tag: command.tag,
      taskAttribute: command.taskAttribute,
      dataOutLength: command.dataOutLength,
      dataInLength: command.dataInLength,
      unsolicitedLength: this.#writes.promised,
      dataInCredit: this.#reads.takeCredit(),
      readSetLength: this.#readSetLength,
      cdb: command.cdb,
    };
    const length = encodeCommand(parameters, frames.scratch, HEADER_LENGTH);
    const data = this.#writes.takeFirst();
    frames.send(FrameType.command, 0, this.#exchange, length, data?.bytes, data);
  }

  /** At every look of the link's at its exchanges: for how long nothing has come of this one. */
  look(): number {
    const elapsed = this.#looks * LinkLimits.exchangeLookProbes * LinkLimits.probeMilliseconds;
    this.#looks += 1;
    return elapsed;
  }

  /** For the log. */
  get forgotten(): string {
    const seconds = LinkLimits.exchangeMilliseconds / 1000;
    const whose = `unit ${this.unitId}, nexus ${this.#nexusId}`;
    return `the partner has forgotten exchange ${this.#exchange} (${whose}): nothing of it for ${seconds} s`;
  }

  dataOutBuffer(_offset: number, length: number): Uint8Array {
    return this.#writes.buffer(length);
  }

  dataOutArrived(): void {
    this.#looks = 0;
    this.#writes.filled(this.#command !== null);
    if (this.#command === null) return;
    if (!this.#commandSent) this.#originator.sendDeferred();
    this.#relayWrites(this.#command);
  }

  dataOutLost(): void {
    this.#writes.lost();
  }

  grant(length: number): void {
    this.#reads.grow(length);
    this.creditFree();
  }

  letGo(): void {}

  creditFree(): void {
    if (this.#command === null || !this.#commandSent) return;
    const credit = this.#reads.takeCredit();
    if (credit > 0) this.#originator.sendGrant(this.#exchange, credit);
  }

  /** The client's session is gone. The exchange lives on until its owner ends it. */
  abandon(): void {
    const command = this.#command;
    if (command === null) return;
    if (!this.#commandSent) this.#originator.sendDeferred();
    this.#command = null;
    this.#writes.drop();
    command.aborted();
  }

  /** A frame with read data begins: where it goes, or what is broken about it. */
  dataInBuffer(offset: number, length: number): Uint8Array | string {
    return this.#reads.buffer(offset, length);
  }

  /** A DATA_IN frame is whole. */
  dataIn(flags: number, parameters: Uint8Array): string | null {
    const set = this.#reads.filled();
    if (set === null) return 'no data';
    this.#looks = 0;
    const isFinal = (flags & FINAL) !== 0;
    const result = isFinal ? decodeResult(parameters, 4) : null;
    if (isFinal ? result?.kind !== ResultKind.status : parameters.length !== 4) {
      set.release();
      return 'a malformed result';
    }
    const command = this.#command;
    if (isFinal) this.#endExchange();
    if (command === null) set.release();
    else command.sendDataIn(u32(parameters, 0), set, result);
    return null;
  }

  transferReady(offset: number, length: number): string | null {
    this.#looks = 0;
    const command = this.#command;
    if (command === null) return null;
    const broken = this.#writes.ownerReady(offset, length);
    if (broken === null) this.#relayWrites(command);
    return broken;
  }

  response(parameters: Uint8Array): string | null {
    const result = decodeResult(parameters);
    if (result === null) return 'a malformed result';
    const command = this.#command;
    this.#endExchange();
    if (command === null) return null;
    if (result.kind === ResultKind.aborted) command.aborted();
    else if (result.kind === ResultKind.unknown)
      command.outcomeUnknown('the owner does not know the outcome');
    else command.complete(result);
    return null;
  }

  /**
   * The link has ended before the exchange. What cannot have changed anything is left to its client to send again: by
   * this path (BUSY, SAM-5 5.3.1) where another link is up, by another path where there is none.
   */
  linkLost(reason: string, hasOther: boolean): void {
    const command = this.#command;
    this.#endExchange();
    if (command === null) return;
    const spec = commandOf(command.cdb);
    if (this.#commandSent && (typeof spec === 'string' || !changesNothing(spec))) {
      return command.outcomeUnknown(`link lost: ${reason}`);
    }
    if (hasOther) return command.complete({ status: Status.busy, sense: null, presentedLength: 0 });
    const unavailable = sense.notReadyUnavailable();
    command.complete({ status: Status.checkCondition, sense: unavailable, presentedLength: 0 });
  }

  #running(): Command {
    if (this.#command === null || this.#exchangeEnded) throw new Error('the command has ended');
    return this.#command;
  }

  #endExchange(): void {
    this.#exchangeEnded = true;
    this.#command = null;
    this.#writes.drop();
    this.#reads.end();
    this.#originator.ended(this.#exchange, this.#writes.promised);
  }

  #relayWrites(command: Command): void {
    this.#writes.passOn(this.#exchange);
    const range = this.#writes.nextRange();
    command.timing?.enter(this.#writes.awaitsClient ? Stage.received : Stage.forwarded);
    if (range !== null) command.receiveDataOut(range.offset, range.length);
  }
}
