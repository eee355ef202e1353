/**
 * Another storage system of the cluster, and the links to it, one for each address of the one that is dialed. It is
 * reachable while any of them is up. No link may outlive the other side's knowledge of its end: see generationEnded.
 */
import type { UnitEvent } from '../wire/interconnect/event.ts';
import type { InventoryUnit } from '../wire/interconnect/inventory.ts';
import type { FrameChannel } from './link/frame-channel.ts';
import type { GreetingHost } from './link/greeting.ts';
import type { LinkTerms } from './link/handshake.ts';
import type { Link, LinkOwner } from './link/link.ts';
import type { LinkAddress } from './link/link-address.ts';
import { LinkSlot, type SlotHost } from './link-slot.ts';
import type { Originator } from './proxied-unit/originator.ts';

/** What a partner needs of the interconnect that it is part of. */
export interface PartnerHost extends GreetingHost {
  makeLink(frames: FrameChannel, terms: LinkTerms, owner: LinkOwner): Link;
  /** The partner's units. `isNew`: it was not reachable before. */
  partnerInventory(partner: Partner, units: readonly InventoryUnit[], isNew: boolean): void;
  /** The partner has told its units again: they have grown. */
  partnerSizes(partner: Partner, units: readonly InventoryUnit[]): void;
  /** The last link has gone. */
  partnerUnreachable(partner: Partner): void;
  partnerEvent(partner: Partner, event: UnitEvent): void;
}

export class Partner implements SlotHost {
  readonly name: string;
  /** Of two systems the one whose name sorts later dials (docs/interconnect.md section 1). */
  readonly weDial: boolean;
  readonly system: PartnerHost;
  readonly slots: readonly LinkSlot[];
  #generation: number;
  /** Of the partner's process; null before the first handshake. */
  #incarnation: string | null = null;
  #isReachable = false;

  /** `theirs`: the addresses of the partner; `ours`: those of this system. One link to each address of the dialed one. */
  constructor(host: PartnerHost, name: string, theirs: readonly LinkAddress[], ours: readonly LinkAddress[]) {
    this.system = host;
    this.name = name;
    this.weDial = host.self.name > name;
    this.slots = (this.weDial ? theirs : ours).map((address) => new LinkSlot(this, address));
    const random = host.env.random.bytes(2);
    this.#generation = 1 + (((random[0] ?? 0) << 8) | (random[1] ?? 0));
  }

  get isReachable(): boolean {
    return this.#isReachable;
  }

  /** Those that are up. */
  get links(): Link[] {
    return this.slots.flatMap(({ link }) => (link?.up === true ? link : []));
  }

  /** Through which commands can go to the partner now. */
  originators(): readonly Originator[] {
    return this.links.map(({ originator }) => originator).filter(({ isOver }) => !isOver);
  }

  start(): void {
    for (const slot of this.slots) slot.start();
  }

  /** Resolves when the links have ended: once what the partner runs here is done, or `deadline` ms have passed. */
  stop(deadline: number): Promise<unknown> {
    return Promise.all(this.slots.map((slot) => slot.stop(deadline)));
  }

  /** A new generation, for a link that this system accepts from the partner. */
  nextGeneration(): number {
    this.#generation = (this.#generation % 0xffffffff) + 1;
    return this.#generation;
  }

  /**
   * The handshake is over. Where the partner has started anew, its older links have ended: nothing of theirs may run
   * behind what comes on this one.
   */
  established(slot: LinkSlot, frames: FrameChannel, terms: LinkTerms): void {
    if (this.#incarnation !== terms.incarnation) {
      for (const older of this.slots) older.forget('the partner has started anew');
    }
    this.#incarnation = terms.incarnation;
    const link = slot.take(frames, terms);
    for (const { endedGeneration } of this.slots) {
      if (endedGeneration !== null) link.sendLinkEnded(endedGeneration);
    }
  }

  makeLink(frames: FrameChannel, terms: LinkTerms, owner: LinkOwner): Link {
    return this.system.makeLink(frames, terms, owner);
  }

  slotUp(units: readonly InventoryUnit[]): void {
    const isNew = !this.#isReachable;
    this.#isReachable = true;
    this.system.partnerInventory(this, units, isNew);
  }

  partnerSizes(units: readonly InventoryUnit[]): void {
    this.system.partnerSizes(this, units);
  }

  slotDown(): void {
    if (!this.#isReachable || this.links.length > 0) return;
    this.#isReachable = false;
    this.system.partnerUnreachable(this);
  }

  /**
   * A link has ended here, and the partner may not have noticed: it may still run what is in that link's buffers. So it
   * is told on every other link, and on those to come, in front of all that is sent there from now on
   * (docs/interconnect.md section 7).
   */
  generationEnded(ended: LinkSlot, { generation, incarnation }: LinkTerms): void {
    // A partner that has started anew may give the number again.
    if (incarnation !== this.#incarnation) return;
    ended.endedGeneration = generation;
    for (const { link } of this.slots) link?.sendLinkEnded(generation);
  }

  partnerLost(generation: number): void {
    for (const { link } of this.slots) {
      if (link?.terms.generation === generation) link.destroy('the partner has lost this link');
    }
  }

  partnerEvent(event: UnitEvent): void {
    this.system.partnerEvent(this, event);
  }
}
