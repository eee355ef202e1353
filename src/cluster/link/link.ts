/**
 * An established link: gives each frame to the role it is meant for (this system as originator, or as owner), watches
 * whether the partner is alive, and ends both roles with it. The handshake is over when it is made.
 */
import type { BufferPool } from '../../buffers/buffer-pool.ts';
import type { Clock, Timer } from '../../env/clock.ts';
import type { Stages } from '../../latency/stages.ts';
import { LinkLimits } from '../../limits.ts';
import type { Order } from '../../scsi/order.ts';
import { decodeEvent, encodeEvent, type UnitEvent } from '../../wire/interconnect/event.ts';
import { type FrameHeader, FrameType, HEADER_LENGTH, putU32, u32 } from '../../wire/interconnect/frame.ts';
import { decodeInventory, encodeInventory, type InventoryUnit } from '../../wire/interconnect/inventory.ts';
import { Originator } from '../proxied-unit/originator.ts';
import { type ServedUnits, UnitServer } from '../unit-server/unit-server.ts';
import type { FrameChannel, FrameReceiver } from './frame-channel.ts';
import type { LinkTerms } from './handshake.ts';
import { ProbeTimes } from './probe-times.ts';

/** Who is told what the link learns. */
export interface LinkOwner {
  /** The partner's units are these from now on. `isFirst`: the link is up with it. */
  linkInventory(link: Link, units: readonly InventoryUnit[], isFirst: boolean): void;
  linkEvent(link: Link, event: UnitEvent): void;
  /** A probe's round trip in ms, or how long one has waited for its answer so far: for every probe that is due. */
  linkProbed(link: Link, milliseconds: number): void;
  /** The link has ended; what was in flight is told so next. */
  linkEnded(link: Link, reason: string): void;
  /** The partner has lost its link of this generation. */
  partnerLost(generation: number): void;
  /** Whether there is a link to the partner. */
  readonly isReachable: boolean;
}

/** What a link needs of its system, in both roles. */
export interface LinkParts {
  readonly units: ServedUnits;
  readonly order: Order;
  readonly stages: Stages;
  /** Bytes of a read set where this system is the originator. */
  readonly readSetLength: number;
}

export class Link implements FrameReceiver {
  readonly terms: LinkTerms;
  readonly originator: Originator;
  readonly server: UnitServer;
  readonly frames: FrameChannel;
  /** True once the partner's inventory has come. */
  up = false;
  readonly #clock: Clock;
  readonly #owner: LinkOwner;
  #lastReceived: number;
  #lastProbe: number;
  #bytesSeen = 0;
  readonly #probes = new ProbeTimes();
  #probesSent = 0;
  #timer: Timer;
  #ended = false;
  #leaving = false;

  constructor(
    frames: FrameChannel,
    terms: LinkTerms,
    clock: Clock,
    pool: BufferPool,
    parts: LinkParts,
    owner: LinkOwner,
  ) {
    this.frames = frames;
    this.terms = terms;
    this.#clock = clock;
    this.#owner = owner;
    this.originator = new Originator(frames, terms, pool, parts.readSetLength);
    this.server = new UnitServer(frames, terms, pool, parts);
    frames.generation = terms.generation;
    frames.checksums = terms.checksums;
    frames.become(this);
    this.#lastReceived = this.#lastProbe = clock.now();
    this.#timer = clock.after(LinkLimits.probeMilliseconds, () => this.#probe());
  }

  sendInventory(units: readonly InventoryUnit[]): void {
    const { parametersLength, payload } = encodeInventory(units, this.frames.scratch, HEADER_LENGTH);
    // Lent without a lease: the payload is this frame's own.
    this.frames.send(FrameType.inventory, 0, 0, parametersLength, payload);
  }

  /** At first behind the INVENTORY, not ahead of it: an event of a unit that is not known says nothing. */
  sendEvent(event: UnitEvent): void {
    if (!this.up) return this.sendEventInOrder(event);
    this.frames.sendUrgent(FrameType.event, 0, encodeEvent(event, this.frames.scratch, HEADER_LENGTH));
  }

  sendEventInOrder(event: UnitEvent): void {
    this.frames.send(FrameType.event, 0, 0, encodeEvent(event, this.frames.scratch, HEADER_LENGTH));
  }

  /** The link of another generation has ended here: said in front of all that is sent from now on, behind the handshake. */
  sendLinkEnded(generation: number): void {
    putU32(this.frames.scratch, HEADER_LENGTH, generation);
    this.frames.send(FrameType.linkEnded, 0, 0, 4);
  }

  /** Ends the link on purpose, once nothing of the partner's runs here (or `deadline` ms have passed). */
  leave(deadline: number): void {
    if (this.#leaving) return;
    this.#leaving = true;
    const timer = this.#clock.after(deadline, () => this.#sayGoodbye());
    this.server.whenIdle(() => {
      timer.cancel();
      this.#sayGoodbye();
    });
  }

  destroy(reason: string): void {
    this.frames.destroy(reason);
  }

  payloadBuffer(header: FrameHeader, parameters: Uint8Array): Uint8Array | string {
    switch (header.type) {
      case FrameType.dataIn:
        return this.originator.payloadBuffer(header, parameters);
      case FrameType.command:
      case FrameType.dataOut:
        return this.server.payloadBuffer(header, parameters);
      default:
        return new Uint8Array(header.payloadLength);
    }
  }

  frame(header: FrameHeader, parameters: Uint8Array, payload: Uint8Array): string | null {
    if (this.terms.version < firstVersionOf(header.type)) return `not of version ${this.terms.version}`;
    switch (header.type) {
      case FrameType.dataIn:
      case FrameType.transferReady:
      case FrameType.response:
      case FrameType.taskManagementResponse:
        return this.originator.frame(header, parameters);
      case FrameType.nexusPing:
        return this.originator.ping(parameters);
      case FrameType.command:
      case FrameType.dataOut:
      case FrameType.grant:
      case FrameType.nexusOpen:
      case FrameType.nexusClose:
      case FrameType.nexusHeld:
      case FrameType.taskManagement:
        return this.server.frame(header, parameters);
      case FrameType.inventory:
        return this.#inventory(parameters, payload);
      case FrameType.event:
        this.#owner.linkEvent(this, decodeEvent(parameters));
        return null;
      case FrameType.probe:
        putU32(this.frames.scratch, HEADER_LENGTH, u32(parameters, 0));
        this.frames.sendUrgent(FrameType.probeReply, 0, 4);
        return null;
      case FrameType.probeReply:
        return this.#probes.answer(u32(parameters, 0), this.#clock.now()) ? null : 'an answer to no probe';
      case FrameType.linkEnded:
        return this.#otherLinkEnded(u32(parameters, 0));
      case FrameType.goodbye:
        this.frames.destroy('the partner has left');
        return null;
      default:
        return 'the handshake is over';
    }
  }

  closed(reason: string): void {
    this.#ended = true;
    this.#timer.cancel();
    this.originator.isOver = true;
    // The owner first: what the ending commands set off must not find this link.
    this.#owner.linkEnded(this, reason);
    this.server.linkLost();
    this.originator.linkLost(reason, this.#owner.isReachable);
  }

  #inventory(parameters: Uint8Array, payload: Uint8Array): string | null {
    const units = decodeInventory(parameters, payload);
    if (units === null) return 'malformed';
    const isFirst = !this.up;
    this.up = true;
    this.#owner.linkInventory(this, units, isFirst);
    return null;
  }

  #otherLinkEnded(generation: number): string | null {
    if (generation === this.terms.generation) return 'of the link that it came on';
    this.#owner.partnerLost(generation);
    return null;
  }

  #sayGoodbye(): void {
    if (this.#ended) return;
    this.frames.send(FrameType.goodbye, 0, 0, 0);
    this.frames.end();
  }

  #probe(): void {
    const now = this.#clock.now();
    const received = this.frames.bytesReceived;
    // A process that was stopped itself has not listened: what came meanwhile is still to be read.
    const sinceProbe = now - this.#lastProbe;
    const wasAsleep = sinceProbe > LinkLimits.silenceMilliseconds;
    const isLate = sinceProbe > LinkLimits.probeMilliseconds + LinkLimits.slowMilliseconds;
    if (received !== this.#bytesSeen || wasAsleep) this.#lastReceived = now;
    this.#bytesSeen = received;
    this.#lastProbe = now;
    if (now - this.#lastReceived >= LinkLimits.silenceMilliseconds) {
      return this.frames.destroy(`nothing heard for ${LinkLimits.silenceMilliseconds} ms`);
    }
    if (isLate) this.#probes.forget();
    const forgotten = this.#lookAtExchanges();
    if (forgotten !== null) return this.frames.destroy(forgotten);
    const observed = this.#probes.take(now);
    if (observed !== null) this.#owner.linkProbed(this, observed);
    putU32(this.frames.scratch, HEADER_LENGTH, this.#probes.send(now));
    this.frames.sendUrgent(FrameType.probe, 0, 4);
    this.#timer = this.#clock.after(LinkLimits.probeMilliseconds, () => this.#probe());
  }

  /** In looks, not by the clock: a process that was stopped blames nobody for it. */
  #lookAtExchanges(): string | null {
    this.#probesSent += 1;
    return this.#probesSent % LinkLimits.exchangeLookProbes === 0 ? this.originator.look() : null;
  }
}

/** The protocol version that brought the frame (docs/interconnect.md section 9). */
function firstVersionOf(type: number): number {
  return type === FrameType.nexusPing || type === FrameType.nexusHeld ? 2 : 1;
}
