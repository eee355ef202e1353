/**
 * Unit attentions, as clients see them. What can be said from the outside:
 *
 * - 29/00 and 29/07 tell that the nexus is new to the unit's owner: once in a session on the owner's own port. On a
 *   proxied path the owner sees a new nexus with each link that the initiator is bound to: once, and once more for each
 *   end of a link between the two systems.
 * - 29/03 follows a LOGICAL UNIT RESET: between two of them one was on its way or running.
 * - 2A/06 follows a change of a link of the owner's (on every path), or of one between the proxying system and the owner,
 *   or a clean stop of the owner (told by an event of which no log speaks: nothing is checked after it). On the owner's
 *   own port there was such a change between two of them. On a proxied path there are two queues, so one that waited in
 *   the second may come after one that is younger: there were as many changes as there are reports.
 * - 2A/03 follows another nexus's CLEAR, 2A/04 its RELEASE, PREEMPT or unregistering, 2A/05 its PREEMPT, and 2F/00 its PREEMPT AND
 *   ABORT: on the owner's own port there was one between two of them, on a proxied path one in the session.
 * - There are no others: nobody changes mode pages, sizes, or clears task sets here.
 * - If REPORT TARGET PORT GROUPS shows something else than before in a session, 2A/06 has come meanwhile or comes before
 *   the next command is answered with anything but a unit attention.
 *
 * Changes of links are read from the systems' logs.
 */
import type { Sense } from '../../src/wire/scsi/sense.ts';
import { Violation } from '../world/world.ts';
import type { NexusName, ReservationRequest } from './reservation-model.ts';
import type { Reservations } from './reservations.ts';

interface LinkChange {
  readonly system: string;
  readonly partner: string;
  readonly time: number;
  readonly isLoss: boolean;
}

export interface Reset {
  readonly unit: number;
  readonly start: number;
  /** When it was answered; never, if it was not. */
  end: number;
}

/** What a nexus can be told of, but for reservations. */
const Code = { powerOn: 0x2900, reset: 0x2903, nexusLoss: 0x2907, accessState: 0x2a06 } as const;
/** Which requests of other nexuses a nexus is told of so. */
const causes: ReadonlyMap<number, (request: ReservationRequest) => boolean> = new Map([
  [0x2a03, ({ action }) => action === 'clear'],
  [0x2a04, ({ action }) => action === 'release' || action === 'register' || isPreempting(action)],
  [0x2a05, ({ action }) => isPreempting(action)],
  [0x2f00, ({ action }) => action === 'preemptAndAbort'],
]);
/** ms: a link that is replaced is given up a moment before its end is logged. */
const SLACK = 1;

export class Attentions {
  readonly #changes: LinkChange[] = [];
  readonly #resets: Reset[] = [];
  readonly #stopped = new Set<string>();

  linkChanged(system: string, partner: string, time: number, isLoss: boolean): void {
    this.#changes.push({ system, partner, time, isLoss });
  }

  stops(system: string): void {
    this.#stopped.add(system);
  }

  /** The caller sets its end. */
  resetBegins(unit: number, start: number): Reset {
    const reset = { unit, start, end: Number.POSITIVE_INFINITY };
    this.#resets.push(reset);
    return reset;
  }

  hasStopped(system: string): boolean {
    return this.#stopped.has(system);
  }

  wasReset(unit: number, from: number, to: number): boolean {
    return this.#resets.some((reset) => reset.unit === unit && reset.start < to && reset.end > from);
  }

  lossesBetween(system: string, partner: string, from: number): number {
    return this.#changes.filter(
      (change) =>
        change.system === system &&
        change.partner === partner &&
        change.isLoss &&
        change.time >= from - SLACK,
    ).length;
  }

  /** What changes the access states that a path through `system` shows of a unit of `owner`'s. */
  accessChanges(system: string, owner: string, from: number): number {
    return this.#changes.filter(
      (change) =>
        change.time >= from - SLACK &&
        (change.system === owner || (change.system === system && change.partner === owner)),
    ).length;
  }
}

export interface NexusPlace {
  readonly unit: number;
  readonly system: string;
  readonly owner: string;
  readonly nexus: NexusName;
}

/** Of one session and one unit. */
export class NexusAttentions {
  readonly #all: Attentions;
  readonly #unit: number;
  readonly #system: string;
  readonly #owner: string;
  readonly #start: number;
  readonly #nexus: NexusName;
  readonly #reservations: Reservations;
  /** By code: when the command was sent that was told of reservations so last. */
  readonly #lastTold = new Map<number, number>();
  #newNexuses = 0;
  #accessReports = 0;
  /** When the commands were sent that were told so last, and the answer came. */
  #lastReset: number;
  #lastAccess: { readonly sent: number; readonly received: number };
  /** What REPORT TARGET PORT GROUPS has shown, and when that was asked for. */
  #groups: { readonly shown: string; readonly sent: number } | null = null;
  /** 2A/06 has to come, unless it has since then. */
  #dueSince: number | null = null;

  constructor(all: Attentions, reservations: Reservations, place: NexusPlace, start: number) {
    const { unit, system, owner, nexus } = place;
    this.#nexus = nexus;
    this.#reservations = reservations;
    this.#all = all;
    this.#unit = unit;
    this.#system = system;
    this.#owner = owner;
    this.#start = start;
    this.#lastReset = start;
    this.#lastAccess = { sent: start, received: start };
  }

  reported({ asc, ascq }: Sense, sent: number, now: number): void {
    const code = (asc << 8) | ascq;
    switch (code) {
      case Code.powerOn:
      case Code.nexusLoss:
        return this.#newNexus();
      case Code.reset:
        if (!this.#all.wasReset(this.#unit, this.#lastReset, now)) this.#fail('29/03, and nobody has reset');
        this.#lastReset = sent;
        return;
      case Code.accessState:
        return this.#accessChanged(sent, now);
      default:
        if (this.#isOfReservations(code, sent, now)) return;
        this.#fail(`${asc.toString(16)}/${ascq.toString(16)}, of which nobody is the cause`);
    }
  }

  /** REPORT TARGET PORT GROUPS was answered. The unit has known the nexus since before the first of them. */
  groupsShown(shown: string, sent: number): void {
    const before = this.#groups;
    this.#groups = { shown, sent };
    if (before !== null && before.shown !== shown) this.#dueSince ??= before.sent;
  }

  /** A command that was sent when nothing else was due has been answered with no unit attention. */
  answeredWithout(): void {
    const since = this.#dueSince;
    this.#dueSince = null;
    if (since !== null && this.#lastAccess.received < since)
      this.#fail('the access state has changed, and no 2A/06');
  }

  #newNexus(): void {
    this.#newNexuses += 1;
    const isDirect = this.#system === this.#owner;
    const losses = isDirect ? 0 : this.#all.lossesBetween(this.#system, this.#owner, this.#start);
    if (this.#newNexuses > 1 + losses) this.#fail(`29/00 or 29/07 for the ${this.#newNexuses}. time`);
  }

  #isOfReservations(code: number, sent: number, now: number): boolean {
    const isCause = causes.get(code);
    if (isCause === undefined) return false;
    const isDirect = this.#system === this.#owner;
    const from = isDirect ? (this.#lastTold.get(code) ?? this.#start) : this.#start;
    this.#lastTold.set(code, sent);
    return this.#reservations.wasAsked(isCause, this.#nexus, from, now);
  }

  #accessChanged(sent: number, now: number): void {
    this.#accessReports += 1;
    const isDirect = this.#system === this.#owner;
    const from = isDirect ? this.#lastAccess.sent : this.#start;
    const changes = this.#all.accessChanges(this.#system, this.#owner, from);
    const enough = isDirect ? changes > 0 : changes >= this.#accessReports;
    if (!enough && !this.#all.hasStopped(this.#owner)) this.#fail('2A/06, and no access state has changed');
    this.#lastAccess = { sent, received: now };
  }

  #fail(what: string): never {
    throw new Violation(
      'unit attention',
      `unit ${this.#unit} of ${this.#owner} through ${this.#system}: ${what}`,
    );
  }
}

function isPreempting(action: ReservationRequest['action']): boolean {
  return action === 'preempt' || action === 'preemptAndAbort';
}
