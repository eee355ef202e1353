/** One forwarded command at the system that received it: an exchange, seen from its originator. */
import assert from 'node:assert/strict';
import type { Lease } from '../../buffers/buffer-pool.ts';
import { Stage } from '../../latency/stage.ts';
import { LinkLimits } from '../../limits.ts';
import { changesNothing, commandOf } from '../../scsi/command-table.ts';
import type { Command, Task } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import { type CommandFields, emptyCommand, encodeCommand } from '../../wire/interconnect/command.ts';
import { FINAL, FrameType, HEADER_LENGTH, u32 } from '../../wire/interconnect/frame.ts';
import { decodeResultInto, emptyResult, ResultKind } from '../../wire/interconnect/result.ts';
import { sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { Originator } from './originator.ts';
import type { BudgetShare } from './read-budget.ts';
import { type CreditTaker, ReadWindow } from './read-window.ts';
import { WriteRelay } from './write-relay.ts';

/** Of the COMMAND that is made: it is encoded at once. */
const outgoing: CommandFields & { cdb: Uint8Array } = { ...emptyCommand(), cdb: new Uint8Array(0) };

/** Belongs to one command from `begin` on, until nothing refers to it: then perhaps to another (docs/decisions/0016-reuse.md). */
export class ProxiedTask implements Task, CreditTaker {
  /** Null: it is spare. */
  nexus: Nexus | null = null;
  unitId = 0;
  readonly #originator: Originator;
  #exchange = 0;
  #nexusId = 0;
  #readSetLength = 0;
  readonly #writes: WriteRelay;
  readonly #reads: ReadWindow;
  /** Null once the client's transport has been told how it ended. */
  #command: Command | null = null;
  #commandSent = false;
  /** Something of it has come back: COMMAND waits nowhere on the way any more. */
  #ownerHasIt = false;
  #exchangeEnded = false;
  /** Looks since there was progress. */
  #looks = 0;
  /** The owner has answered the command with a status: nothing has come between, in which somebody might remember the task. */
  #answered = false;
  #isLetGo = false;
  /** The owner's answer. */
  readonly #result = emptyResult();

  constructor(originator: Originator, share: BudgetShare) {
    this.#originator = originator;
    this.#writes = new WriteRelay(originator);
    this.#reads = new ReadWindow(originator, share, this);
  }

  /** Nothing is left of the command before. `promised`: how much of the client's unsolicited data may go to the owner without its asking. */
  begin(
    exchange: number,
    nexusId: number,
    share: BudgetShare,
    unitId: number,
    command: Command,
    promised: number,
  ): void {
    this.nexus = command.nexus;
    this.unitId = unitId;
    this.#exchange = exchange;
    this.#nexusId = nexusId;
    this.#command = command;
    this.#commandSent = false;
    this.#ownerHasIt = false;
    this.#exchangeEnded = false;
    this.#looks = 0;
    this.#answered = false;
    this.#isLetGo = false;
    this.#writes.begin(promised, command.unsolicitedLength, command.dataOutLength);
    this.#readSetLength = Math.min(command.readSetLength, this.#originator.readSetLength);
    command.timing?.enter(Stage.received);
    this.#reads.begin(share, command.dataInLength, command.dataInCredit, this.#readSetLength);
  }

  /** Sends COMMAND, with the data that is here. Before that nothing has left this system. */
  send(): void {
    const command = this.#running();
    const { frames } = this.#originator;
    this.#commandSent = true;
    command.timing?.enter(Stage.forwarded);
    outgoing.nexus = this.#nexusId;
    outgoing.unit = this.unitId;
    outgoing.tag = command.tag;
    outgoing.taskAttribute = command.taskAttribute;
    outgoing.dataOutLength = command.dataOutLength;
    outgoing.dataInLength = command.dataInLength;
    outgoing.unsolicitedLength = this.#writes.promised;
    outgoing.dataInCredit = this.#reads.takeCredit();
    outgoing.readSetLength = this.#readSetLength;
    outgoing.cdb = command.cdb;
    const length = encodeCommand(outgoing, frames.scratch, HEADER_LENGTH);
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

  letGo(): void {
    assert(!this.#isLetGo, 'a task is let go of once');
    this.#isLetGo = true;
    this.#becomeSpare();
  }

  creditFree(): void {
    if (this.#exchangeEnded) return this.#becomeSpare();
    if (this.#command === null || !this.#commandSent) return;
    const credit = this.#reads.takeCredit();
    if (credit > 0) this.#originator.sendGrant(this.#exchange, credit, this.#ownerHasIt);
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
    this.#ownerHasIt = true;
    const isFinal = (flags & FINAL) !== 0;
    const offset = u32(parameters, 0);
    if (isFinal ? !this.#isStatus(parameters) : parameters.length !== 4) {
      set.release();
      return 'a malformed result';
    }
    const command = this.#command;
    if (isFinal) this.#endExchange();
    if (command === null) return this.#forget(set);
    this.#answered = isFinal;
    command.sendDataIn(offset, set, isFinal ? this.#result : null);
    return null;
  }

  #isStatus(parameters: Uint8Array): boolean {
    return decodeResultInto(parameters, 4, this.#result) && this.#result.kind === ResultKind.status;
  }

  #forget(set: Lease): null {
    set.release();
    return null;
  }

  transferReady(offset: number, length: number): string | null {
    this.#looks = 0;
    this.#ownerHasIt = true;
    const command = this.#command;
    if (command === null) return null;
    const broken = this.#writes.ownerReady(offset, length);
    if (broken === null) this.#relayWrites(command);
    return broken;
  }

  response(parameters: Uint8Array): string | null {
    const result = this.#result;
    if (!decodeResultInto(parameters, 0, result)) return 'a malformed result';
    const command = this.#command;
    this.#endExchange();
    if (command === null) return null;
    if (result.kind === ResultKind.aborted) command.aborted();
    else if (result.kind === ResultKind.unknown)
      command.outcomeUnknown('the owner does not know the outcome');
    else {
      this.#answered = true;
      command.complete(result);
    }
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

  /** Neither the exchange, nor the transport, nor a read set, nor credit leads back to it. */
  #becomeSpare(): void {
    if (!this.#answered || !this.#isLetGo || !this.#reads.settled || this.nexus === null) return;
    this.nexus = null;
    this.#originator.spare(this);
  }

  #relayWrites(command: Command): void {
    this.#writes.passOn(this.#exchange);
    const offset = this.#writes.nextOffset;
    const length = this.#writes.expectNext();
    command.timing?.enter(this.#writes.awaitsClient ? Stage.received : Stage.forwarded);
    if (length > 0) command.receiveDataOut(offset, length);
  }
}
