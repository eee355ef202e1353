/**
 * This system as the originator on one link: its nexuses there, its exchanges, and the credit between them. Lives as
 * long as the link; what was in flight when it ends is told so, and is never sent again.
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import { LinkLimits } from '../../limits.ts';
import type {
  Command,
  NexusLoss,
  TaskManagementFunction,
  TaskManagementResponse,
} from '../../scsi/logical-unit.ts';
import type { Nexus } from '../../scsi/nexus.ts';
import {
  type FrameHeader,
  FrameType,
  HEADER_LENGTH,
  putU32,
  u8,
  u32,
} from '../../wire/interconnect/frame.ts';
import {
  CloseReason,
  decodeNexusPing,
  encodeNexusClose,
  encodeNexusOpen,
  encodeNexusPing,
} from '../../wire/interconnect/nexus.ts';
import { encodeTaskManagement, TaskManagementAnswer } from '../../wire/interconnect/task-management.ts';
import { Status } from '../../wire/scsi/status.ts';
import { ExchangeTable } from '../link/exchange-table.ts';
import type { FrameChannel } from '../link/frame-channel.ts';
import type { LinkTerms } from '../link/handshake.ts';
import { ProxiedTask } from './proxied-task.ts';
import { BudgetShare, ReadBudget } from './read-budget.ts';

class ManagementExchange {
  readonly done: (response: TaskManagementResponse) => void;
  constructor(done: (response: TaskManagementResponse) => void) {
    this.done = done;
  }
}

/** A nexus that the owner knows. */
interface KnownNexus {
  readonly id: number;
  readonly share: BudgetShare;
}

export class Originator {
  readonly frames: FrameChannel;
  readonly terms: LinkTerms;
  readonly pool: BufferPool;
  /** Bytes: docs/configuration.md, `read_set`. */
  readonly readSetLength: number;
  readonly budget = new ReadBudget(LinkLimits.dataInPerLink);
  commandsForwarded = 0;
  /** The link has ended: nothing may be forwarded here any more. */
  isOver = false;
  /** The link is slow by its own history: it is chosen last. */
  isSlow = false;
  /** Initiators that are bound to this link, each counted for every unit that it uses. */
  bound = 0;
  #unsolicitedUsed = 0;
  readonly #exchanges: ExchangeTable<ProxiedTask | ManagementExchange>;
  readonly #nexuses = new Map<Nexus, KnownNexus>();
  readonly #nexusById = new Map<number, Nexus>();
  #lastNexus = 0;
  /** The command whose frame waits for its first write data, so that both travel together. */
  #deferred: ProxiedTask | null = null;
  /** Tasks that nothing refers to, for the next commands. */
  readonly #spare: ProxiedTask[] = [];

  constructor(frames: FrameChannel, terms: LinkTerms, pool: BufferPool, readSetLength: number) {
    this.readSetLength = readSetLength;
    this.frames = frames;
    this.terms = terms;
    this.pool = pool;
    this.#exchanges = new ExchangeTable(terms.exchangeLimit);
  }

  get exchangesInFlight(): number {
    return this.#exchanges.size;
  }

  /** Bytes of the owner's unsolicited credit that running exchanges hold. */
  get unsolicitedUsed(): number {
    return this.#unsolicitedUsed;
  }

  /** Forwards a command to the unit that the owner calls `unitId`; null when no more exchanges may run. */
  execute(unitId: number, command: Command): ProxiedTask | null {
    this.sendDeferred();
    const exchange = this.#exchanges.reserve();
    if (exchange === 0) return null;
    this.commandsForwarded++;
    const promised = this.#promise(command.unsolicitedLength);
    const { id, share } = this.#know(command.nexus);
    const task = this.#spare.pop() ?? new ProxiedTask(this, share);
    task.begin(exchange, id, share, unitId, command, promised);
    this.#exchanges.open(exchange, task);
    // With its first data, or when anything else is to be sent: so that both travel together, and nothing overtakes it.
    if (promised > 0) this.#deferred = task;
    else task.send();
    return task;
  }

  manage(
    unitId: number,
    nexus: Nexus,
    what: TaskManagementFunction,
    tag: number,
    done: (response: TaskManagementResponse) => void,
  ): void {
    this.sendDeferred();
    const exchange = this.#exchanges.reserve();
    if (exchange === 0) return done('rejected');
    this.#exchanges.open(exchange, new ManagementExchange(done));
    const parameters = { nexus: this.#know(nexus).id, unit: unitId, function: what, tag };
    const length = encodeTaskManagement(parameters, this.frames.scratch, HEADER_LENGTH);
    this.frames.send(FrameType.taskManagement, 0, exchange, length);
  }

  /** The nexus's commands end as aborted here, now; their exchanges end when the owner has let go of them. */
  nexusLost(nexus: Nexus, why: NexusLoss): void {
    const known = this.#nexuses.get(nexus);
    if (known === undefined) return;
    const { id } = known;
    this.sendDeferred();
    this.#nexuses.delete(nexus);
    this.#nexusById.delete(id);
    const reason = why === 'linkLost' ? CloseReason.connectionLost : CloseReason[why];
    const length = encodeNexusClose({ nexus: id, why: reason }, this.frames.scratch, HEADER_LENGTH);
    this.frames.send(FrameType.nexusClose, 0, 0, length);
    for (const exchange of this.#exchanges.running()) {
      if (exchange instanceof ProxiedTask && exchange.nexus === nexus) exchange.abandon();
    }
  }

  /** A frame that carries read data: where it goes, or what is broken about it. */
  payloadBuffer(header: FrameHeader, parameters: Uint8Array): Uint8Array | string {
    const exchange = this.#exchanges.find(header.exchange);
    if (!(exchange instanceof ProxiedTask)) return `no exchange ${header.exchange}`;
    return exchange.dataInBuffer(u32(parameters, 0), header.payloadLength);
  }

  /** DATA_IN, TRANSFER_READY, RESPONSE, TASK_MANAGEMENT_RESPONSE: what is broken about it, or null. */
  frame(header: FrameHeader, parameters: Uint8Array): string | null {
    const exchange = this.#exchanges.find(header.exchange);
    if (exchange === null) return `no exchange ${header.exchange}`;
    if (header.type === FrameType.taskManagementResponse) {
      if (exchange instanceof ProxiedTask) return `exchange ${header.exchange} is a command`;
      return this.#managed(header.exchange, exchange, u8(parameters, 0));
    }
    if (exchange instanceof ManagementExchange) return `exchange ${header.exchange} is task management`;
    switch (header.type) {
      case FrameType.dataIn:
        return exchange.dataIn(header.flags, parameters);
      case FrameType.transferReady:
        return exchange.transferReady(u32(parameters, 0), u32(parameters, 4));
      default:
        return exchange.response(parameters);
    }
  }

  /**
   * NEXUS_PING: asks the client. It has to be asked now: an answer to an earlier ping may have been given before the owner
   * asked. A nexus that is closed is not held, and its NEXUS_CLOSE is on its way.
   */
  ping(parameters: Uint8Array): string | null {
    const ping = decodeNexusPing(parameters);
    if (ping.nexus > this.#lastNexus) return `no nexus ${ping.nexus}`;
    this.#nexusById.get(ping.nexus)?.presence.ping(() => {
      if (this.isOver || !this.#nexusById.has(ping.nexus)) return;
      const length = encodeNexusPing(ping, this.frames.scratch, HEADER_LENGTH);
      this.frames.sendUrgent(FrameType.nexusHeld, 0, length);
    });
    return null;
  }

  /** Whether a command of this initiator's to the unit has not ended: one whose session is gone, it may be. */
  hasCommandOf(initiatorName: string, unitId: number): boolean {
    return this.#hasCommand(unitId, (nexus) => nexus.initiatorName === initiatorName);
  }

  /** SAM-5 5.3.1, for a command for which there is no exchange: TASK SET FULL has its initiator wait for one of the nexus's to end. */
  statusWhenFull(nexus: Nexus, unitId: number): number {
    return this.#hasCommand(unitId, (other) => other === nexus) ? Status.taskSetFull : Status.busy;
  }

  #hasCommand(unitId: number, isMeant: (nexus: Nexus) => boolean): boolean {
    return this.#exchanges
      .running()
      .some(
        (exchange) =>
          exchange instanceof ProxiedTask &&
          exchange.unitId === unitId &&
          exchange.nexus !== null &&
          isMeant(exchange.nexus),
      );
  }

  /**
   * Once every `exchangeLookProbes`: what the owner has done wrong, or null. Commands only: task management may have to wait for a
   * store that does not answer, for as long as that does not (docs/decisions/0005-stuck-stores.md).
   */
  look(): string | null {
    for (const exchange of this.#exchanges.running()) {
      if (!(exchange instanceof ProxiedTask)) continue;
      if (exchange.look() >= LinkLimits.exchangeMilliseconds) return exchange.forgotten;
    }
    return null;
  }

  /** The link has ended: nobody will answer what is in flight. `hasOther`: there is another link to the owner. */
  linkLost(reason: string, hasOther: boolean): void {
    this.#deferred = null;
    for (const exchange of this.#exchanges.running()) {
      if (exchange instanceof ProxiedTask) exchange.linkLost(reason, hasOther);
      else exchange.done('unknown');
    }
  }

  /** Sends the COMMAND frame that waits, if any. */
  sendDeferred(): void {
    const task = this.#deferred;
    this.#deferred = null;
    task?.send();
  }

  /** For ProxiedTask: the exchange has ended; what it held is free. */
  ended(exchange: number, unsolicited: number): void {
    this.#exchanges.close(exchange);
    this.#unsolicitedUsed -= unsolicited;
  }

  spare(task: ProxiedTask): void {
    if (this.#spare.length < LinkLimits.spareExchanges) this.#spare.push(task);
  }

  /** `ownerHasIt`: the owner knows the exchange; else COMMAND may still wait here, and may not be overtaken. */
  sendGrant(exchange: number, bytes: number, ownerHasIt: boolean): void {
    putU32(this.frames.scratch, HEADER_LENGTH, bytes);
    if (ownerHasIt) this.frames.sendUrgent(FrameType.grant, exchange, 4);
    else this.frames.send(FrameType.grant, 0, exchange, 4);
  }

  #managed(number: number, exchange: ManagementExchange, answer: number): string | null {
    if (answer !== 0 && answer !== 1 && answer !== 5) return `an answer ${answer} to task management`;
    this.#exchanges.close(number);
    if (answer === TaskManagementAnswer.complete) exchange.done('complete');
    else exchange.done(answer === TaskManagementAnswer.taskDoesNotExist ? 'taskDoesNotExist' : 'rejected');
    return null;
  }

  /** Unsolicited write data is promised only within the owner's credit; else the owner asks for it. */
  #promise(length: number): number {
    if (this.#unsolicitedUsed + length > this.terms.unsolicitedCredit) return 0;
    this.#unsolicitedUsed += length;
    return length;
  }

  #know(nexus: Nexus): KnownNexus {
    const known = this.#nexuses.get(nexus);
    if (known !== undefined) return known;
    const id = ++this.#lastNexus;
    const made = { id, share: new BudgetShare(this.budget) };
    this.#nexuses.set(nexus, made);
    this.#nexusById.set(id, nexus);
    const { port } = nexus;
    const open = {
      nexus: id,
      relativeId: port.relativeId,
      portalGroupTag: port.portalGroupTag,
      groupId: port.groupId,
      isid: nexus.isid,
      initiatorName: nexus.initiatorName,
      portName: port.name,
      targetName: port.targetName,
    };
    const length = encodeNexusOpen(open, this.frames.scratch, HEADER_LENGTH);
    this.frames.send(FrameType.nexusOpen, 0, 0, length);
    return made;
  }
}
