/**
 * The cluster interconnect of one system: its partners, the links to them, the units that are reached through them, and
 * what the clients here are told when a way comes or goes.
 */
import type { BufferPool } from '../buffers/buffer-pool.ts';
import type { Timer } from '../env/clock.ts';
import type { Env } from '../env/env.ts';
import type { Log } from '../env/log.ts';
import type { ByteStream, Listener } from '../env/network.ts';
import type { Stages } from '../latency/stages.ts';
import { LinkLimits, ScsiLimits } from '../limits.ts';
import { AccessState } from '../scsi/access-states.ts';
import type { LocalUnit } from '../scsi/local-unit/local-unit.ts';
import type { Order } from '../scsi/order.ts';
import type { UnitIdentity } from '../scsi/unit-identity.ts';
import { EVERY_UNIT, EventKind, type UnitEvent } from '../wire/interconnect/event.ts';
import type { InventoryUnit } from '../wire/interconnect/inventory.ts';
import { sense } from '../wire/scsi/sense.ts';
import type { Reachability } from './access-state/access-state-table.ts';
import { KnownUnit } from './known-unit.ts';
import type { FrameChannel } from './link/frame-channel.ts';
import { Greeting } from './link/greeting.ts';
import type { LinkTerms, LocalSystem } from './link/handshake.ts';
import { Link, type LinkOwner } from './link/link.ts';
import { type Carrier, carrierOf, type LinkAddress, streamAddress } from './link/link-address.ts';
import { eventsOf, inventoryOf, senseFormatOf, stateOf } from './own-units.ts';
import { Partner, type PartnerHost } from './partner.ts';
import { ProxiedUnit } from './proxied-unit/proxied-unit.ts';
import type { ServedUnit } from './unit-server/unit-server.ts';

export interface InterconnectOptions {
  readonly self: LocalSystem;
  /** Where partners reach this system. */
  readonly addresses: readonly LinkAddress[];
  readonly partners: readonly { readonly name: string; readonly addresses: readonly LinkAddress[] }[];
  /** The units that this system owns. */
  readonly localUnits: readonly LocalUnit[];
  /** The units that partners own. */
  readonly partnerUnits: readonly UnitIdentity[];
  readonly pool: BufferPool;
  readonly order: Order;
  readonly stages: Stages;
  /** Bytes of a read set where this system is the originator. */
  readonly readSetLength: number;
  readonly log: Log;
  /** Of all connections of the process: see the invariant of Deframer. */
  readonly receiveBuffer: Uint8Array;
}

export class Interconnect implements PartnerHost, Reachability {
  readonly env: Env;
  readonly log: Log;
  readonly pool: BufferPool;
  readonly self: LocalSystem;
  readonly receiveBuffer: Uint8Array;
  readonly stages: Stages;
  readonly partners: readonly Partner[];
  readonly proxiedUnits: readonly ProxiedUnit[];
  readonly #options: InterconnectOptions;
  readonly #served = new Map<number, ServedUnit>();
  readonly #known = new Map<string, KnownUnit>();
  readonly #localUnits: ReadonlyMap<number, LocalUnit>;
  /** Of those, the ones of which everybody has been told that they are available. */
  readonly #available: Set<number>;
  #looking: Timer | null = null;
  readonly #listeners: Listener[] = [];
  readonly #greetings = new Set<Greeting>();
  #stopping = false;

  constructor(env: Env, options: InterconnectOptions) {
    this.env = env;
    this.#options = options;
    this.log = options.log;
    this.receiveBuffer = options.receiveBuffer;
    this.stages = options.stages;
    this.pool = options.pool;
    this.self = options.self;
    this.#localUnits = new Map(options.localUnits.map((unit, index) => [index + 1, unit]));
    this.#available = new Set(this.#localUnits.keys());
    for (const [id, unit] of this.#localUnits) {
      this.#served.set(id, { unit, commandsServed: 0 });
      unit.onChange = (what) => {
        if (what === 'senseFormat') this.#tellPartners(senseFormatOf(id, unit));
        else this.#tellCapacity(id);
      };
    }
    this.proxiedUnits = options.partnerUnits.map((identity) => new ProxiedUnit(identity, options.pool));
    for (const unit of this.proxiedUnits) this.#known.set(unit.identity.name, new KnownUnit(unit));
    this.partners = options.partners.map(
      ({ name, addresses }) => new Partner(this, name, addresses, options.addresses),
    );
  }

  /** Listens, and begins to dial. Rejects, with nothing left open, where an address can't be listened on. */
  async start(): Promise<void> {
    for (const [place, address] of this.#options.addresses.entries()) {
      try {
        const accepted = (stream: ByteStream) => this.#accepted(stream, place, carrierOf(address));
        this.#listeners.push(
          await this.env.network.listen(streamAddress(address), accepted, this.#turnedAway),
        );
      } catch (error) {
        this.#closeListeners();
        throw error;
      }
    }
    for (const partner of this.partners) partner.start();
    this.#look();
  }

  /** Tells the partners that the units here are not to be had, lets what they run here end (for `deadline` ms), and leaves. */
  async stop(deadline: number): Promise<void> {
    this.#stopping = true;
    this.#closeListeners();
    this.#looking?.cancel();
    for (const greeting of this.#greetings) greeting.cancel('this system stops');
    this.#tellPartners({ kind: EventKind.accessState, unit: EVERY_UNIT, argument: AccessState.unavailable });
    await Promise.all(this.partners.map((partner) => partner.stop(deadline)));
  }

  makeLink(frames: FrameChannel, terms: LinkTerms, owner: LinkOwner): Link {
    const parts = { units: this.#served, ...this.#options };
    const link = new Link(frames, terms, this.env.clock, this.pool, parts, owner);
    link.sendInventory(this.#inventory());
    for (const [id, unit] of this.#localUnits) {
      for (const event of eventsOf(id, unit, terms.version)) link.sendEvent(event);
    }
    return link;
  }

  partnerInventory(partner: Partner, units: readonly InventoryUnit[], isNew: boolean): void {
    const listed = new Map(units.map((unit) => [unit.name, unit]));
    for (const known of this.#knownOf(partner)) {
      const { identity } = known.unit;
      const theirs = listed.get(identity.name);
      const sound = theirs !== undefined && this.#sameUnit(identity, theirs);
      if (!sound) {
        this.log.error(
          { unit: identity.name, partner: partner.name },
          'unit unavailable: its owner shows another or none',
        );
      }
      const id = sound ? theirs.id : 0;
      const state = sound ? (theirs.accessState as AccessState) : null;
      if (sound) known.sizeIs(theirs.blockCount, isNew);
      // An event behind this frame says so where it is not.
      if (isNew) known.unit.descriptorSense = false;
      // A further link tells what is known already.
      if (isNew || id !== known.id || state !== known.state) this.#become(known, partner, id, state);
    }
    if (isNew) this.#tellOwnClients();
  }

  /** Of an inventory on a link that is up nothing else counts: an event may have overtaken what it says of access states. */
  partnerSizes(partner: Partner, units: readonly InventoryUnit[]): void {
    for (const known of this.#knownOf(partner)) {
      const theirs = units.find(({ name }) => name === known.unit.identity.name);
      if (theirs !== undefined && known.state !== null) known.sizeIs(theirs.blockCount, false);
    }
  }

  partnerUnreachable(partner: Partner): void {
    for (const known of this.#knownOf(partner)) this.#become(known, partner, 0, null);
    this.#tellOwnClients();
  }

  partnerEvent(partner: Partner, event: UnitEvent): void {
    for (const known of this.#knownOf(partner)) {
      if (known.state === null) continue;
      if (event.unit !== known.id && event.unit !== EVERY_UNIT) continue;
      if (event.kind === EventKind.accessState && event.argument <= AccessState.transitioning) {
        // It comes on every link.
        if (event.argument === known.state) continue;
        this.#become(known, partner, known.id, event.argument as AccessState);
      } else if (event.kind === EventKind.senseFormat) {
        known.unit.descriptorSense = event.argument === 1;
      } else if (event.kind === EventKind.provisioning) {
        known.provisioningIs(event.argument !== 1);
      } else if (event.kind === EventKind.capacity) {
        known.tellSize();
      }
    }
  }

  isUp(system: string): boolean {
    return this.partners.some(({ name, isReachable }) => name === system && isReachable);
  }

  saidByOwner(unit: UnitIdentity): AccessState | null {
    for (const local of this.#localUnits.values()) if (local.identity === unit) return stateOf(local);
    return this.#known.get(unit.name)?.state ?? null;
  }

  /** Whether the stores of the units here answer: one timer for all units. */
  #look(): void {
    for (const [id, unit] of this.#localUnits) {
      unit.look();
      if (unit.available !== this.#available.has(id)) this.#localUnitChanged(id, unit);
    }
    this.#looking = this.env.clock.after(ScsiLimits.lookMilliseconds, () => this.#look());
  }

  #localUnitChanged(id: number, unit: LocalUnit): void {
    if (unit.available) this.#available.add(id);
    else this.#available.delete(id);
    unit.establishUnitAttention(sense.accessStateChanged(), null);
    this.#tellPartners({ kind: EventKind.accessState, unit: id, argument: stateOf(unit) });
  }

  #inventory(): InventoryUnit[] {
    return [...this.#localUnits].map(([id, unit]) => inventoryOf(id, unit));
  }

  /** The event behind the inventory that it is about. */
  #tellCapacity(unit: number): void {
    for (const { link } of this.partners.flatMap(({ slots }) => slots)) {
      link?.sendInventory(this.#inventory());
      link?.sendEventInOrder({ kind: EventKind.capacity, unit, argument: 0 });
    }
  }

  #tellPartners(event: UnitEvent): void {
    for (const { link } of this.partners.flatMap(({ slots }) => slots)) link?.sendEvent(event);
  }

  /** By unit name: commands of partners that were served here. */
  commandsServed(): ReadonlyMap<string, number> {
    return new Map([...this.#served.values()].map((one) => [one.unit.identity.name, one.commandsServed]));
  }

  #knownOf(partner: Partner): KnownUnit[] {
    return [...this.#known.values()].filter(({ unit }) => unit.identity.owner === partner.name);
  }

  #become(known: KnownUnit, owner: Partner, id: number, state: AccessState | null): void {
    known.id = id;
    known.state = state;
    known.unit.becomeReachable(state === AccessState.activeOptimized ? { owner, unitId: id } : null);
    known.unit.establishUnitAttention(sense.accessStateChanged(), null);
  }

  /** The access states through the partner's ports have changed for the units here. */
  #tellOwnClients(): void {
    for (const { unit } of this.#served.values()) {
      unit.establishUnitAttention(sense.accessStateChanged(), null);
    }
  }

  #sameUnit(ours: UnitIdentity, theirs: InventoryUnit): boolean {
    return ours.serial === theirs.serial && ours.blockLength === theirs.blockLength;
  }

  /** `place`: of the address, among those of this system, at which it came. */
  #accepted(stream: ByteStream, place: number, carrier: Carrier): void {
    const full = this.#greetings.size >= LinkLimits.maxGreetings;
    const names = new Set(this.partners.filter(({ weDial }) => !weDial).map(({ name }) => name));
    const expected = { names, nextGeneration: (name: string) => this.#partner(name).nextGeneration() };
    const greeting: Greeting = Greeting.accept(this, stream, carrier, expected, {
      agreed: (frames, terms) => {
        this.#greetings.delete(greeting);
        const partner = this.#partner(terms.partner);
        const slot = partner.slots[place];
        if (slot === undefined) throw new Error(`no link ${place} to ${partner.name}`);
        partner.established(slot, frames, terms);
      },
      failed: (reason) => {
        this.#greetings.delete(greeting);
        this.#turnedAway(stream.remoteAddress, reason);
      },
    });
    this.#greetings.add(greeting);
    if (this.#stopping) greeting.cancel('this system stops');
    else if (full) greeting.cancel('too many callers at once');
  }

  readonly #turnedAway = (remote: string, reason: string): void => {
    this.log.warn({ remote, reason }, 'a caller on the interconnect was turned away');
  };

  #partner(name: string): Partner {
    const partner = this.partners.find((one) => one.name === name);
    if (partner === undefined) throw new Error(`no partner ${name}`);
    return partner;
  }

  #closeListeners(): void {
    for (const listener of this.#listeners) listener.close();
    this.#listeners.length = 0;
  }
}
