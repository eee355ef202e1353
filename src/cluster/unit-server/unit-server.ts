/**
 * This system as the owner on one link: runs the partner's commands on the units here. Lives as long as the link;
 * when that ends, the partner's nexuses are lost and what they had running is aborted.
 */
import type { BufferPool, Lease } from '../../buffers/buffer-pool.ts';
import type { Stages } from '../../latency/stages.ts';
import { LinkLimits } from '../../limits.ts';
import type { LogicalUnit, TaskManagementFunction, TaskManagementResponse } from '../../scsi/logical-unit.ts';
import type { Order } from '../../scsi/order.ts';
import { decodeCommandFields, emptyCommand } from '../../wire/interconnect/command.ts';
import { type FrameHeader, FrameType, HEADER_LENGTH, u32 } from '../../wire/interconnect/frame.ts';
import { decodeTaskManagement, TaskManagementAnswer } from '../../wire/interconnect/task-management.ts';
import { ServedTable } from '../link/exchange-table.ts';
import type { FrameChannel } from '../link/frame-channel.ts';
import type { LinkTerms } from '../link/handshake.ts';
import { ServedCommand } from './served-command.ts';
import { ServedNexuses } from './served-nexuses.ts';

/** A unit of this system's, as its partners use it. */
export interface ServedUnit {
  readonly unit: LogicalUnit;
  /** Commands that ran here for partners, on all links so far. */
  commandsServed: number;
}

/** By the number under which INVENTORY lists it. */
export type ServedUnits = ReadonlyMap<number, ServedUnit>;

/** What it needs of its system. */
export interface ServerParts {
  readonly units: ServedUnits;
  readonly order: Order;
  readonly stages: Stages;
}

/** Of the COMMAND that has come last, on whichever link. */
const fields = emptyCommand();

export class UnitServer {
  /** The protocol version of the link. */
  readonly version: number;
  readonly frames: FrameChannel;
  readonly stages: Stages;
  commandsServed = 0;
  closed = false;
  readonly #units: ServedUnits;
  readonly #pool: BufferPool;
  readonly #nexuses: ServedNexuses;
  readonly #exchanges = new ServedTable<ServedCommand | 'management'>(LinkLimits.maxExchanges);
  #unsolicitedUsed = 0;
  #dataOutFree: number = LinkLimits.dataOutPerLink;
  #waitingForBudget: ServedCommand[] = [];
  /** What nothing refers to, for the next commands. */
  readonly #spare: ServedCommand[] = [];
  /** The command, or the lease to throw away, whose write data is being received. */
  #receiving: ServedCommand | null = null;
  #unwanted: Lease | null = null;
  #drained: (() => void) | null = null;

  constructor(frames: FrameChannel, terms: LinkTerms, pool: BufferPool, parts: ServerParts) {
    this.frames = frames;
    this.version = terms.version;
    this.stages = parts.stages;
    this.#units = parts.units;
    this.#pool = pool;
    this.#nexuses = new ServedNexuses(frames, terms, parts.order);
  }

  get exchangesInFlight(): number {
    return this.#exchanges.size;
  }

  /** Bytes of unsolicited write data that running exchanges may send. */
  get unsolicitedUsed(): number {
    return this.#unsolicitedUsed;
  }

  /** Bytes of write data that were asked for and are not stored yet. */
  get dataOutUsed(): number {
    return LinkLimits.dataOutPerLink - this.#dataOutFree;
  }

  /** COMMAND or DATA_OUT with data: where it goes, or what is broken about the frame. */
  payloadBuffer(header: FrameHeader, parameters: Uint8Array): Uint8Array | string {
    if (header.type === FrameType.command) {
      const command = this.#begin(header, parameters);
      if (typeof command === 'string') return command;
      if (header.payloadLength > command.unsolicitedLength) return 'more data than was announced';
      const place = this.#place(command, 0, header.payloadLength);
      this.#reuse(command);
      return place;
    }
    const command = this.#exchanges.find(header.exchange);
    if (command === null || command === 'management') return `no exchange ${header.exchange}`;
    if (command === 'ended') return this.#throwAway(header.payloadLength);
    return this.#place(command, u32(parameters, 0), header.payloadLength);
  }

  /** A whole frame from the originator: what is broken about it, or null. */
  frame(header: FrameHeader, parameters: Uint8Array): string | null {
    switch (header.type) {
      case FrameType.command:
        return header.payloadLength === 0 ? this.#withoutData(header, parameters) : this.#arrived();
      case FrameType.dataOut:
        return header.payloadLength === 0 ? 'no data' : this.#arrived();
      case FrameType.grant:
        return this.#grant(header.exchange, u32(parameters, 0));
      case FrameType.nexusOpen:
        return this.#nexuses.open(parameters);
      case FrameType.nexusClose:
        return this.#nexuses.close(parameters);
      case FrameType.nexusHeld:
        return this.#nexuses.held(parameters);
      default:
        return this.#manage(header.exchange, parameters);
    }
  }

  /** The link has ended. */
  linkLost(): void {
    this.closed = true;
    this.#receiving?.task?.dataOutLost();
    this.#receiving = null;
    this.#unwanted?.release();
    this.#unwanted = null;
    this.#waitingForBudget.length = 0;
    this.#nexuses.lost();
  }

  /** Calls back once nothing of the partner's runs here. */
  whenIdle(done: () => void): void {
    if (this.#exchanges.size === 0) done();
    else this.#drained = done;
  }

  /** For ServedCommand: TRANSFER_READY now, or when the link's budget has room for the data. */
  askForData(command: ServedCommand): void {
    this.#waitingForBudget.push(command);
    this.#serveWaiting();
  }

  giveBackBudget(bytes: number): void {
    this.#dataOutFree += bytes;
  }

  commandEnded(command: ServedCommand): void {
    this.#unsolicitedUsed -= command.unsolicitedLength;
    if (command.askedLength > 0)
      this.#waitingForBudget = this.#waitingForBudget.filter((other) => other !== command);
    this.#end(command.exchange);
    this.#serveWaiting();
    this.#reuse(command);
  }

  #serveWaiting(): void {
    for (let next = this.#waitingForBudget[0]; next !== undefined; next = this.#waitingForBudget[0]) {
      // A range larger than what is free waits, unless nothing else holds the budget.
      const fits = next.askedLength <= this.#dataOutFree || this.#dataOutFree === LinkLimits.dataOutPerLink;
      if (!fits) return;
      this.#waitingForBudget.shift();
      if (this.closed) continue;
      this.#dataOutFree -= next.askedLength;
      next.sendTransferReady();
    }
  }

  /** Takes the command back once it has been answered, and is neither in its unit's `execute` nor receives data. */
  #reuse(command: ServedCommand): void {
    const { task } = command;
    if (!command.answered || task === null || command === this.#receiving) return;
    command.task = null;
    task.letGo();
    if (this.#spare.length < LinkLimits.spareExchanges) this.#spare.push(command);
  }

  #begin(header: FrameHeader, parameters: Uint8Array): ServedCommand | string {
    if (!decodeCommandFields(parameters, fields)) return 'malformed';
    const nexus = this.#nexuses.find(fields.nexus);
    if (nexus === undefined) return `no nexus ${fields.nexus}`;
    const unit = this.#units.get(fields.unit);
    if (unit === undefined) return `no unit ${fields.unit}`;
    if (!this.#exchanges.mayBegin(header.exchange)) return `exchange ${header.exchange} may not begin`;
    if (this.#unsolicitedUsed + fields.unsolicitedLength > LinkLimits.dataOutPerLink) {
      return 'more unsolicited data than was allowed';
    }
    this.#unsolicitedUsed += fields.unsolicitedLength;
    const command = this.#spare.pop() ?? new ServedCommand(this, nexus.nexus);
    command.begin(header.exchange, nexus.nexus, fields, parameters);
    this.#exchanges.begin(header.exchange, command);
    nexus.units.add(unit.unit);
    this.commandsServed++;
    unit.commandsServed++;
    command.task = unit.unit.execute(command);
    return command;
  }

  #withoutData(header: FrameHeader, parameters: Uint8Array): string | null {
    const command = this.#begin(header, parameters);
    if (typeof command === 'string') return command;
    this.#reuse(command);
    return null;
  }

  #place(command: ServedCommand, offset: number, length: number): Uint8Array | string {
    if (!command.admitDataOut(offset, length)) return `${length} bytes at offset ${offset}`;
    if (command.ended || command.task === null) return this.#throwAway(length);
    this.#receiving = command;
    return command.task.dataOutBuffer(offset, length);
  }

  #throwAway(length: number): Uint8Array {
    this.#unwanted = this.#pool.take(length);
    return this.#unwanted.bytes;
  }

  #arrived(): null {
    this.#unwanted?.release();
    this.#unwanted = null;
    const command = this.#receiving;
    this.#receiving = null;
    if (command === null) return null;
    command.task?.dataOutArrived();
    // It may have been answered while its data came.
    this.#reuse(command);
    return null;
  }

  #grant(exchange: number, bytes: number): string | null {
    const command = this.#exchanges.find(exchange);
    if (command === null || command === 'management') return `no exchange ${exchange}`;
    if (command !== 'ended') command.task?.grant(bytes);
    return null;
  }

  #manage(exchange: number, parameters: Uint8Array): string | null {
    const what = decodeTaskManagement(parameters);
    if (what === null) return 'malformed';
    const served = this.#nexuses.find(what.nexus);
    if (served === undefined) return `no nexus ${what.nexus}`;
    const unit = this.#units.get(what.unit);
    if (unit === undefined) return `no unit ${what.unit}`;
    if (!this.#exchanges.mayBegin(exchange)) return `exchange ${exchange} may not begin`;
    this.#exchanges.begin(exchange, 'management');
    served.units.add(unit.unit);
    unit.unit.manage(served.nexus, what.function as TaskManagementFunction, what.tag, (response) =>
      this.#managed(exchange, response),
    );
    return null;
  }

  #managed(exchange: number, response: TaskManagementResponse): void {
    if (!this.closed) {
      this.frames.scratch[HEADER_LENGTH] = answerTo(response);
      this.frames.send(FrameType.taskManagementResponse, 0, exchange, 1);
    }
    this.#end(exchange);
  }

  #end(exchange: number): void {
    this.#exchanges.end(exchange);
    if (this.#exchanges.size > 0) return;
    this.#drained?.();
    this.#drained = null;
  }
}

function answerTo(response: TaskManagementResponse): number {
  if (response === 'complete') return TaskManagementAnswer.complete;
  return response === 'taskDoesNotExist'
    ? TaskManagementAnswer.taskDoesNotExist
    : TaskManagementAnswer.rejected;
}
