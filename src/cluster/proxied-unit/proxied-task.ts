/**
 * One forwarded command at the system that received it: an exchange seen from its originator. Write data is passed
 * on in the pieces in which it comes, as far as the owner is ready for it; read sets go to the client as they arrive.
 */
import type { Lease } from '../../buffers/buffer-pool.ts';
import { LinkLimits } from '../../limits.ts';
import { commandOf } from '../../scsi/command-table.ts';
import { ConflictClass } from '../../scsi/conflict-table.ts';
import type { Command, CommandResult, Task } from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import { encodeCommand } from '../../wire/interconnect/command.ts';
import { FINAL, FrameType, HEADER_LENGTH, putU32, u32 } from '../../wire/interconnect/frame.ts';
import { decodeResult, ResultKind } from '../../wire/interconnect/result.ts';
import { sense } from '../../wire/scsi/sense.ts';
import { Status } from '../../wire/scsi/status.ts';
import type { Originator } from './originator.ts';
import type { BudgetWaiter } from './read-budget.ts';

/** Write data that has come and not all been passed on: the rest of the lease from `at`. */
interface HeldData {
  readonly lease: Lease;
  at: number;
}

/** A read set in this system's memory: its credit returns when the client's transport lets go of it. */
class ReadSet implements Lease {
  readonly bytes: Uint8Array;
  readonly #lease: Lease;
  readonly #task: ProxiedTask;

  constructor(lease: Lease, task: ProxiedTask) {
    this.bytes = lease.bytes;
    this.#lease = lease;
    this.#task = task;
  }

  release(): void {
    const length = this.bytes.length;
    this.#lease.release();
    this.#task.readSetReleased(length);
  }
}

export class ProxiedTask implements Task, BudgetWaiter {
  readonly #originator: Originator;
  readonly #unitId: number;
  /** Null once the client's transport has been told how it ended (or that it was aborted). */
  #command: Command | null;
  #exchange = 0;
  #nexusId = 0;
  #exchangeEnded = false;
  #commandSent = false;

  /** Write data, as offsets from 0: promised to the owner; passed on; asked by the owner; asked of or announced by the client; arrived. */
  #promised = 0;
  #passedOn = 0;
  #ownerReady = 0;
  #expected = 0;
  #arrived = 0;
  readonly #held: HeldData[] = [];
  #filling: Lease | null = null;

  /** Read data: what the client has room for in all, granted to the owner in all, received, held in memory here. */
  #clientRoom = 0;
  #granted = 0;
  #received = 0;
  #inMemory = 0;
  #waitsForBudget = false;
  #incoming: Lease | null = null;

  readonly nexus: Nexus;

  constructor(originator: Originator, command: Command, unitId: number) {
    this.nexus = command.nexus;
    this.#originator = originator;
    this.#command = command;
    this.#unitId = unitId;
  }

  /** `unsolicited`: how much of the client's unsolicited data may go to the owner without its asking. */
  begin(exchange: number, nexusId: number, unsolicited: number): void {
    const command = this.#running();
    this.#exchange = exchange;
    this.#nexusId = nexusId;
    this.#promised = unsolicited;
    this.#ownerReady = unsolicited;
    this.#expected = command.unsolicitedLength;
    this.#clientRoom = Math.min(command.dataInCredit, command.dataInLength);
    if (unsolicited > 0) this.#originator.defer(this);
    else this.sendCommand();
  }

  /** For the originator: sends the COMMAND frame, with what data is here. */
  sendCommand(): void {
    const command = this.#running();
    const { frames } = this.#originator;
    this.#commandSent = true;
    const parameters = {
      nexus: this.#nexusId,
      unit: this.#unitId,
      tag: command.tag,
      taskAttribute: command.taskAttribute,
      dataOutLength: command.dataOutLength,
      dataInLength: command.dataInLength,
      unsolicitedLength: this.#promised,
      dataInCredit: this.#takeCredit(),
      cdb: command.cdb,
    };
    const length = encodeCommand(parameters, frames.scratch, HEADER_LENGTH);
    const first = this.#promised > 0 ? this.#held.shift() : undefined;
    if (first === undefined) {
      frames.send(FrameType.command, 0, this.#exchange, length);
    } else {
      this.#passedOn = first.lease.bytes.length;
      frames.send(FrameType.command, 0, this.#exchange, length, first.lease.bytes, first.lease);
    }
  }

  dataOutBuffer(_offset: number, length: number): Uint8Array {
    this.#filling = this.#originator.pool.take(length);
    return this.#filling.bytes;
  }

  dataOutArrived(): void {
    const lease = this.#filling;
    if (lease === null) throw new Error('data-out arrived that no buffer was taken for');
    this.#filling = null;
    if (this.#command === null || this.#exchangeEnded || lease.bytes.length === 0) return lease.release();
    this.#arrived += lease.bytes.length;
    this.#held.push({ lease, at: 0 });
    if (!this.#commandSent) this.#originator.sendDeferred();
    this.#passOn();
    this.#askClient();
  }

  dataOutLost(): void {
    this.#filling?.release();
    this.#filling = null;
  }

  grant(length: number): void {
    const command = this.#command;
    if (command === null) return;
    this.#clientRoom = Math.min(this.#clientRoom + length, command.dataInLength);
    this.#grantMore();
  }

  budgetFree(): void {
    this.#waitsForBudget = false;
    this.#grantMore();
  }

  /** For ReadSet. */
  readSetReleased(length: number): void {
    this.#inMemory -= length;
    if (!this.#exchangeEnded) this.#grantMore();
    this.#originator.budget.giveBack(length);
  }

  /** The client's session is gone: the transport hears no more of it; the exchange lives until its owner ends it. */
  abandon(): void {
    if (this.#command === null) return;
    if (!this.#commandSent) this.#originator.sendDeferred();
    const command = this.#running();
    this.#command = null;
    this.#dropHeld();
    command.aborted();
  }

  /** A frame with read data begins: where it goes, or what is broken about it. */
  dataInBuffer(offset: number, length: number): Uint8Array | string {
    if (this.#exchangeEnded || offset !== this.#received) return `data at offset ${offset}`;
    if (this.#received + length > this.#granted) return `${length} bytes where less was granted`;
    this.#incoming = this.#originator.pool.take(length);
    this.#inMemory += length;
    return this.#incoming.bytes;
  }

  /** A DATA_IN frame is whole. */
  dataIn(flags: number, parameters: Uint8Array): string | null {
    const lease = this.#incoming;
    if (lease === null) return 'no data';
    this.#incoming = null;
    this.#received += lease.bytes.length;
    const set = new ReadSet(lease, this);
    const final = (flags & FINAL) === 0 ? null : decodeResult(parameters.subarray(4));
    if (
      (flags & FINAL) === 0 ? parameters.length !== 4 : final === null || final.kind !== ResultKind.status
    ) {
      set.release();
      return 'a malformed result';
    }
    const command = this.#command;
    if (final !== null) this.#endExchange();
    if (command === null) set.release();
    else command.sendDataIn(u32(parameters, 0), set, final);
    return null;
  }

  transferReady(offset: number, length: number): string | null {
    const command = this.#command;
    if (command === null) return null;
    if (offset !== this.#ownerReady || length === 0 || offset + length > command.dataOutLength) {
      return `ready for ${length} bytes at ${offset}`;
    }
    this.#ownerReady = offset + length;
    this.#passOn();
    this.#askClient();
    return null;
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

  /** The link has ended before the exchange. */
  linkLost(reason: string): void {
    const command = this.#command;
    const { cdb } = command ?? {};
    const sent = this.#commandSent;
    this.#endExchange();
    if (command === null || cdb === undefined) return;
    if (sent && !changesNothing(cdb)) return command.outcomeUnknown(`link lost: ${reason}`);
    const result: CommandResult = {
      status: Status.checkCondition,
      sense: sense.notReadyUnavailable(),
      presentedLength: 0,
    };
    command.complete(result);
  }

  #running(): Command {
    if (this.#command === null) throw new Error('the command has ended');
    return this.#command;
  }

  #endExchange(): void {
    this.#exchangeEnded = true;
    this.#command = null;
    this.#dropHeld();
    this.#incoming?.release();
    this.#incoming = null;
    const unused = this.#granted - this.#received;
    this.#originator.ended(this.#exchange, this.#promised);
    if (unused > 0) this.#originator.budget.giveBack(unused);
  }

  #dropHeld(): void {
    for (const { lease } of this.#held) this.#originator.frames.releaseWhenSent(lease);
    this.#held.length = 0;
  }

  /** Sends what the owner is ready for. */
  #passOn(): void {
    for (
      let first = this.#held[0];
      first !== undefined && this.#passedOn < this.#ownerReady;
      first = this.#held[0]
    ) {
      const rest = first.lease.bytes.length - first.at;
      const length = Math.min(rest, this.#ownerReady - this.#passedOn);
      const whole = length === rest;
      const { frames } = this.#originator;
      putU32(frames.scratch, HEADER_LENGTH, this.#passedOn);
      const piece = first.lease.bytes.subarray(first.at, first.at + length);
      frames.send(FrameType.dataOut, 0, this.#exchange, 4, piece, whole ? first.lease : null);
      this.#passedOn += length;
      first.at += length;
      if (whole) this.#held.shift();
    }
  }

  /** Asks the client for what the owner is ready for, one range at a time. */
  #askClient(): void {
    if (this.#ownerReady <= this.#expected || this.#arrived < this.#expected) return;
    const from = this.#expected;
    this.#expected = this.#ownerReady;
    this.#running().receiveDataOut(from, this.#expected - from);
  }

  #grantMore(): void {
    if (this.#exchangeEnded || this.#command === null || this.#waitsForBudget) return;
    const credit = this.#takeCredit();
    if (credit > 0) this.#originator.sendGrant(this.#exchange, credit);
  }

  /** Takes what credit there is: within the client's room, the window of read sets, and the link's budget. */
  #takeCredit(): number {
    const { budget, terms } = this.#originator;
    const window = LinkLimits.readSetsPerExchange * terms.ourReadSetLength;
    const onTheWay = this.#granted - this.#received + this.#inMemory;
    const wanted = Math.min(this.#clientRoom - this.#granted, window - onTheWay);
    if (wanted <= 0) return 0;
    const taken = budget.take(wanted);
    this.#granted += taken;
    if (taken < wanted && !this.#waitsForBudget) {
      this.#waitsForBudget = true;
      budget.wait(this);
    }
    return taken;
  }
}

/** Whether it makes no difference if the command ran: then its client may be told to take another path at once. */
function changesNothing(cdb: Uint8Array): boolean {
  const spec = commandOf(cdb);
  return (
    typeof spec !== 'string' &&
    spec.conflict !== ConflictClass.write &&
    spec.conflict !== ConflictClass.wholeUnit
  );
}
