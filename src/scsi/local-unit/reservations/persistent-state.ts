/** The persistent reservations of one unit as plain values, and what a request makes of them. SPC-4 5.12. */
import type { ReservationType } from '../../../wire/scsi/persistent-reserve-in.ts';
import { type Sense, sense } from '../../../wire/scsi/sense.ts';
import { portsKey } from '../../nexus.ts';
import { heldByAll } from '../../reservation-table.ts';

/** An I_T nexus by its ports, whether they have met or not. */
export interface PortPair {
  readonly initiatorName: string;
  readonly isid: string;
  readonly relativePort: number;
}

export interface Registrant extends PortPair {
  /** 16 hexadecimal digits, not NO_KEY. */
  readonly key: string;
}

export interface Reservation {
  readonly type: ReservationType;
  /** A key of `registrants`; null where all of them hold it. */
  readonly holder: string | null;
}

export interface PersistentState {
  /** By `pairKey`, in the order in which they came. */
  readonly registrants: ReadonlyMap<string, Registrant>;
  readonly reservation: Reservation | null;
  /** PRGENERATION. */
  readonly generation: number;
  /** APTPL, as it was said last: all this survives power loss. */
  readonly persists: boolean;
}

export const NO_RESERVATIONS: PersistentState = {
  registrants: new Map(),
  reservation: null,
  generation: 0,
  persists: false,
};

/** A unit attention, and the nexuses that it is for. */
export interface Told {
  readonly attention: Sense;
  readonly nexuses: ReadonlySet<string>;
}

export interface Change {
  /** The state that was given where nothing changes. */
  readonly next: PersistentState;
  readonly told: readonly Told[];
  /** Nexuses whose registrations were preempted. */
  readonly preempted: ReadonlySet<string>;
}

/** RESERVATION CONFLICT, or CHECK CONDITION with that sense. */
export type Refusal = { readonly refused: 'conflict' | Sense };

export type Decision = Change | Refusal;

export const CONFLICT: Refusal = { refused: 'conflict' };

export function pairKey({ initiatorName, isid, relativePort }: PortPair): string {
  return portsKey(initiatorName, isid, relativePort);
}

export function isHolder({ reservation, registrants }: PersistentState, nexus: string): boolean {
  if (reservation === null) return false;
  return heldByAll(reservation.type) ? registrants.has(nexus) : reservation.holder === nexus;
}

/** Whether the nexus is registered with that key. */
export function hasKey(state: PersistentState, nexus: string, key: string): boolean {
  return state.registrants.get(nexus)?.key === key;
}

export function refuse(why: Sense): Refusal {
  return { refused: why };
}

export function unchanged(state: PersistentState): Change {
  return { next: state, told: [], preempted: new Set() };
}

export function changed(next: PersistentState, ...told: readonly Told[]): Change {
  return { next, told: told.filter(({ nexuses }) => nexuses.size > 0), preempted: new Set() };
}

/** PRGENERATION is 32 bits that wrap: RESERVE and RELEASE do not count. */
export function nextGeneration({ generation }: PersistentState): number {
  return (generation + 1) >>> 0;
}

/** RESERVATIONS RELEASED for all registrants but those in `except`. */
export function released(state: PersistentState, except: ReadonlySet<string>): Told {
  return { attention: sense.reservationsReleased(), nexuses: others(state, except) };
}

export function others({ registrants }: PersistentState, except: ReadonlySet<string>): Set<string> {
  return new Set([...registrants.keys()].filter((nexus) => !except.has(nexus)));
}
