/**
 * Another storage system of the cluster, and the link to it: dials or waits to be dialed, shakes hands, replaces a link that has
 * ended by a new one. What the link carries is the link's business.
 */
import type { Timer } from '../env/clock.ts';
import type { ByteStream } from '../env/network.ts';
import { LinkLimits } from '../limits.ts';
import type { UnitEvent } from '../wire/interconnect/event.ts';
import type { InventoryUnit } from '../wire/interconnect/inventory.ts';
import type { FrameChannel } from './link/frame-channel.ts';
import { Greeting, type GreetingHost } from './link/greeting.ts';
import type { LinkTerms } from './link/handshake.ts';
import type { Link, LinkOwner } from './link/link.ts';
import { carrierOf, type LinkAddress, streamAddress } from './link/link-address.ts';

/** What a partner needs of the interconnect that it is part of. */
export interface PartnerHost extends GreetingHost {
  makeLink(frames: FrameChannel, terms: LinkTerms, owner: LinkOwner): Link;
  /** The units are reached through this link now, or (null) not at all. */
  partnerReachable(partner: Partner, link: Link | null, units: readonly InventoryUnit[]): void;
  partnerEvent(partner: Partner, event: UnitEvent): void;
}

export type PartnerState = 'up' | 'connecting' | 'down';

export class Partner implements LinkOwner {
  readonly name: string;
  readonly addresses: readonly LinkAddress[];
  /** Of two systems the one whose name sorts later dials (docs/interconnect.md section 1). */
  readonly weDial: boolean;
  link: Link | null = null;
  /** Why the last link ended, or the last attempt failed; null before anything did. */
  lastLoss: string | null = null;
  /** Monotonic ms of the last change between up and not up. */
  since: number;
  /** Of the links that have ended. */
  readonly totals = {
    commandsForwarded: 0,
    commandsServed: 0,
    bytesIn: 0,
    bytesOut: 0,
    peakBufferedBytes: 0,
  };
  #generation: number;
  #attempt = 0;
  #pause: number = LinkLimits.reconnectMilliseconds;
  #retry: Timer | null = null;
  #dialing: { cancel(): void } | null = null;
  #greeting: Greeting | null = null;
  #stopped = false;
  #whenLinkEnded: (() => void) | null = null;
  readonly #host: PartnerHost;

  constructor(host: PartnerHost, name: string, addresses: readonly LinkAddress[]) {
    this.#host = host;
    this.name = name;
    this.addresses = addresses;
    this.weDial = host.self.name > name;
    this.since = host.env.clock.now();
    const random = host.env.random.bytes(2);
    this.#generation = 1 + (((random[0] ?? 0) << 8) | (random[1] ?? 0));
  }

  get state(): PartnerState {
    if (this.link?.up === true) return 'up';
    return this.#dialing !== null || this.#greeting !== null || this.link !== null ? 'connecting' : 'down';
  }

  start(): void {
    if (this.weDial) this.#dial();
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

  /** A new generation, for a link that this system accepts from the partner. */
  nextGeneration(): number {
    this.#generation = (this.#generation % 0xffffffff) + 1;
    return this.#generation;
  }

  /** The handshake is over. An older link ends: the partner would not have made a new one if it had not lost it. */
  established(frames: FrameChannel, terms: LinkTerms): void {
    const older = this.link;
    older?.destroy('replaced by a newer link');
    if (older?.up === true) this.#host.partnerReachable(this, null, []);
    this.link = this.#host.makeLink(frames, terms, this);
  }

  linkInventory(link: Link, units: readonly InventoryUnit[]): void {
    if (link !== this.link) return;
    this.#pause = LinkLimits.reconnectMilliseconds;
    this.since = this.#host.env.clock.now();
    this.#host.log.info(
      { partner: this.name, generation: link.terms.generation, address: link.frames.remoteAddress },
      'link up',
    );
    this.#host.partnerReachable(this, link, units);
  }

  linkEvent(link: Link, event: UnitEvent): void {
    if (link === this.link) this.#host.partnerEvent(this, event);
  }

  linkEnded(link: Link, reason: string): void {
    this.#host.log.warn({ partner: this.name, generation: link.terms.generation, reason }, 'link down');
    this.#addUp(link);
    if (link !== this.link) return;
    this.link = null;
    this.lastLoss = reason;
    if (link.up) {
      this.since = this.#host.env.clock.now();
      this.#host.partnerReachable(this, null, []);
    }
    this.#dialLater();
    this.#whenLinkEnded?.();
  }

  #dial(): void {
    const address = this.addresses[this.#attempt++ % this.addresses.length];
    if (address === undefined || this.#stopped) return;
    this.#retry = null;
    this.#dialing = this.#host.env.network.connect(
      streamAddress(address),
      (stream) => this.#greet(stream, address),
      (reason) => this.#failed(reason),
    );
  }

  #greet(stream: ByteStream, address: LinkAddress): void {
    this.#dialing = null;
    this.#greeting = Greeting.dial(this.#host, stream, carrierOf(address), this.name, {
      agreed: (frames, terms) => {
        this.#greeting = null;
        this.established(frames, terms);
      },
      failed: (reason) => this.#failed(reason),
    });
  }

  #failed(reason: string): void {
    this.#dialing = null;
    this.#greeting = null;
    if (reason !== this.lastLoss) this.#host.log.info({ partner: this.name, reason }, 'no link yet');
    this.lastLoss = reason;
    this.#dialLater();
  }

  #dialLater(): void {
    if (!this.weDial || this.#stopped) return;
    this.#retry = this.#host.env.clock.after(this.#pause, () => this.#dial());
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
