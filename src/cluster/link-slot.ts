/**
 * The place of one link to a partner: an address of the system that is dialed. Dials, or waits to be dialed, and
 * replaces a link that has ended by a new one. What the link carries is the link's business.
 */
import type { Timer } from '../env/clock.ts';
import type { ByteStream } from '../env/network.ts';
import { LinkLimits } from '../limits.ts';
import type { UnitEvent } from '../wire/interconnect/event.ts';
import type { InventoryUnit } from '../wire/interconnect/inventory.ts';
import type { FrameChannel } from './link/frame-channel.ts';
import { Greeting, type GreetingHost } from './link/greeting.ts';
import type { LinkTerms } from './link/handshake.ts';
import { LatencyHistory } from './link/latency-history.ts';
import type { Link, LinkOwner } from './link/link.ts';
import { carrierOf, type LinkAddress, streamAddress } from './link/link-address.ts';

/** What a slot needs of the partner that it is part of. */
export interface SlotHost {
  readonly name: string;
  /** Whether this side dials (docs/interconnect.md section 1). */
  readonly weDial: boolean;
  readonly system: GreetingHost;
  /** The dialed partner has agreed to a link: `slot.take` comes next. */
  established(slot: LinkSlot, frames: FrameChannel, terms: LinkTerms): void;
  makeLink(frames: FrameChannel, terms: LinkTerms, owner: LinkOwner): Link;
  /** A slot's link has come up. */
  slotUp(units: readonly InventoryUnit[]): void;
  /** The partner's units have grown. */
  partnerSizes(units: readonly InventoryUnit[]): void;
  /** A slot's link, which was up, is there no more. */
  slotDown(): void;
  /** A slot's link has ended: the partner must know before anything is sent on another. */
  generationEnded(slot: LinkSlot, terms: LinkTerms): void;
  /** The partner says that it has lost the link of this generation. */
  partnerLost(generation: number): void;
  partnerEvent(event: UnitEvent): void;
  readonly isReachable: boolean;
}

export type SlotState = 'up' | 'connecting' | 'down';

export class LinkSlot implements LinkOwner {
  readonly address: LinkAddress;
  link: Link | null = null;
  /** Of the last link that has ended; older ones the dialed side has ended itself, when a newer one took their place. */
  endedGeneration: number | null = null;
  /** Why the last link ended, or the last attempt failed; null before anything did. */
  lastLoss: string | null = null;
  /** Monotonic ms of the last change between up and not up. */
  since: number;
  /** Of this way: a link that comes back is not steady because it is new. */
  readonly latency = new LatencyHistory();
  /** Of the links that have ended. */
  readonly totals = {
    commandsForwarded: 0,
    commandsServed: 0,
    bytesIn: 0,
    bytesOut: 0,
    peakBufferedBytes: 0,
  };
  #pause: number = LinkLimits.reconnectMilliseconds;
  /** Monotonic ms of the last attempt's beginning. */
  #dialedAt = 0;
  #retry: Timer | null = null;
  #dialing: { cancel(): void } | null = null;
  #greeting: Greeting | null = null;
  #stopped = false;
  #whenLinkEnded: (() => void) | null = null;
  readonly #host: SlotHost;

  constructor(host: SlotHost, address: LinkAddress) {
    this.#host = host;
    this.address = address;
    this.since = this.#clock.now();
  }

  get state(): SlotState {
    if (this.link?.up === true) return 'up';
    return this.#dialing !== null || this.#greeting !== null || this.link !== null ? 'connecting' : 'down';
  }

  start(): void {
    if (this.#host.weDial) this.#dial();
  }

  /** Resolves when the link has ended: once what the partner runs here is done, or `deadline` ms have passed. */
  stop(deadline: number): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#dialing?.cancel();
    this.#greeting?.cancel('this system stops');
    const link = this.link;
    if (link === null) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenLinkEnded = resolve;
      link.leave(deadline);
    });
  }

  /** The handshake is over. An older link ends: the partner would not have made a new one if it had not lost it. */
  take(frames: FrameChannel, terms: LinkTerms): Link {
    this.#drop('replaced by a newer link');
    this.link = this.#host.makeLink(frames, terms, this);
    this.link.originator.isSlow = this.latency.isSlow;
    return this.link;
  }

  /** The partner's process is another: it knows nothing of the links before. */
  forget(reason: string): void {
    this.#drop(reason);
    this.endedGeneration = null;
  }

  /** Ends the link, if there is one, and lets go of it at once. */
  #drop(reason: string): void {
    const { link } = this;
    if (link === null) return;
    this.link = null;
    link.destroy(reason);
    this.#becomeDown(link, reason);
  }

  linkInventory(link: Link, units: readonly InventoryUnit[], isFirst: boolean): void {
    if (link !== this.link) return;
    if (!isFirst) return this.#host.partnerSizes(units);
    this.#becomeUp(link);
    this.#host.slotUp(units);
  }

  linkEvent(link: Link, event: UnitEvent): void {
    if (link === this.link) this.#host.partnerEvent(event);
  }

  linkProbed(link: Link, milliseconds: number): void {
    if (link !== this.link || !this.latency.observe(milliseconds)) return;
    const { isSlow, usual } = this.latency;
    link.originator.isSlow = isSlow;
    const { generation } = link.terms;
    const fields = { partner: this.#host.name, generation, address: link.frames.remoteAddress };
    if (isSlow) this.#log.warn({ ...fields, milliseconds, usual }, 'link slow: used last');
    else this.#log.info({ ...fields, milliseconds, usual }, 'link no longer slow');
  }

  partnerLost(generation: number): void {
    this.#host.partnerLost(generation);
  }

  get isReachable(): boolean {
    return this.#host.isReachable;
  }

  linkEnded(link: Link, reason: string): void {
    const { generation } = link.terms;
    this.#log.warn({ partner: this.#host.name, generation, reason }, 'link down');
    this.#addUp(link);
    const isCurrent = link === this.link;
    if (isCurrent) this.link = null;
    this.#host.generationEnded(this, link.terms);
    if (isCurrent) this.#becomeDown(link, reason);
    if (this.link !== null) return;
    this.#dialLater(this.#clock.now());
    this.#whenLinkEnded?.();
  }

  get #clock() {
    return this.#host.system.env.clock;
  }

  get #log() {
    return this.#host.system.log;
  }

  #becomeUp(link: Link): void {
    this.#pause = LinkLimits.reconnectMilliseconds;
    this.since = this.#clock.now();
    const { generation, version } = link.terms;
    const address = link.frames.remoteAddress;
    this.#log.info({ partner: this.#host.name, generation, version, address }, 'link up');
  }

  #becomeDown(link: Link, reason: string): void {
    this.lastLoss = reason;
    if (!link.up) return;
    this.since = this.#clock.now();
    this.#host.slotDown();
  }

  #dial(): void {
    if (this.#stopped) return;
    this.#retry = null;
    this.#dialedAt = this.#clock.now();
    const { clock, network } = this.#host.system.env;
    const connecting = network.connect(
      streamAddress(this.address),
      (stream) => {
        timer.cancel();
        this.#greet(stream);
      },
      (reason) => {
        timer.cancel();
        this.#failed(reason);
      },
    );
    const timer = clock.after(LinkLimits.connectMilliseconds, () => {
      connecting.cancel();
      this.#failed('no connection in time');
    });
    this.#dialing = {
      cancel: () => {
        timer.cancel();
        connecting.cancel();
      },
    };
  }

  #greet(stream: ByteStream): void {
    this.#dialing = null;
    this.#greeting = Greeting.dial(this.#host.system, stream, carrierOf(this.address), this.#host.name, {
      agreed: (frames, terms) => {
        this.#greeting = null;
        this.#host.established(this, frames, terms);
      },
      failed: (reason) => this.#failed(reason),
    });
  }

  #failed(reason: string): void {
    this.#dialing = null;
    this.#greeting = null;
    if (reason !== this.lastLoss) this.#log.info({ partner: this.#host.name, reason }, 'no link yet');
    this.lastLoss = reason;
    this.#dialLater(this.#dialedAt);
  }

  /**
   * At most one attempt is on its way or waits. The pause counts from `since`: behind an attempt that took long, which has waited for
   * the partner already, there is none.
   */
  #dialLater(since: number): void {
    const isTrying = this.#retry !== null || this.#dialing !== null || this.#greeting !== null;
    if (!this.#host.weDial || this.#stopped || isTrying) return;
    const left = Math.max(0, since + this.#pause - this.#clock.now());
    this.#retry = this.#clock.after(left, () => this.#dial());
    this.#pause = Math.min(this.#pause * 2, LinkLimits.maxReconnectMilliseconds);
  }

  #addUp({ originator, server, frames }: Link): void {
    const { totals } = this;
    totals.commandsForwarded += originator.commandsForwarded;
    totals.commandsServed += server.commandsServed;
    totals.bytesIn += frames.bytesReceived;
    totals.bytesOut += frames.bytesSent;
    totals.peakBufferedBytes = Math.max(totals.peakBufferedBytes, originator.budget.peak);
  }
}
