/** RESERVE, RELEASE, CLEAR, PREEMPT: SPC-4 5.12.9 to 5.12.11. */
import type { ReservationType } from '../../../wire/scsi/persistent-reserve-in.ts';
import { NO_KEY } from '../../../wire/scsi/persistent-reserve-out.ts';
import { sense } from '../../../wire/scsi/sense.ts';
import { admitsRegistrants, heldByAll } from '../../reservation-table.ts';
import {
  CONFLICT,
  changed,
  type Decision,
  hasKey,
  isHolder,
  nextGeneration,
  others,
  type PersistentState,
  type Reservation,
  refuse,
  released,
  type Told,
  unchanged,
} from './persistent-state.ts';

export interface ReserveRequest {
  /** `pairKey` of the nexus that asks. */
  readonly nexus: string;
  readonly key: string;
  readonly type: ReservationType;
}

export function reserve(state: PersistentState, request: ReserveRequest): Decision {
  const { nexus, key, type } = request;
  if (!hasKey(state, nexus, key)) return CONFLICT;
  const { reservation } = state;
  if (reservation === null) return changed({ ...state, reservation: reservationOf(nexus, type) });
  return isHolder(state, nexus) && reservation.type === type ? unchanged(state) : CONFLICT;
}

/** Of any type, even one that there is not: it has to be that of the reservation. */
export interface ReleaseRequest extends Omit<ReserveRequest, 'type'> {
  readonly type: number;
}

export function release(state: PersistentState, request: ReleaseRequest): Decision {
  const { nexus, key, type } = request;
  if (!hasKey(state, nexus, key)) return CONFLICT;
  const { reservation } = state;
  if (reservation === null || !isHolder(state, nexus)) return unchanged(state);
  if (reservation.type !== type) return refuse(sense.invalidReleaseOfReservation());
  const next = { ...state, reservation: null };
  return admitsRegistrants(reservation.type)
    ? changed(next, released(next, new Set([nexus])))
    : changed(next);
}

export function clear(state: PersistentState, { nexus, key }: Omit<ReserveRequest, 'type'>): Decision {
  if (!hasKey(state, nexus, key)) return CONFLICT;
  const next = { ...state, registrants: new Map(), reservation: null, generation: nextGeneration(state) };
  const nexuses = others(state, new Set([nexus]));
  return changed(next, { attention: sense.reservationsPreempted(), nexuses });
}

export interface PreemptRequest extends ReserveRequest {
  /** Whose registrations go: SERVICE ACTION RESERVATION KEY. NO_KEY: everybody else's, under an all registrants type. */
  readonly victimKey: string;
}

export function preempt(state: PersistentState, request: PreemptRequest): Decision {
  const { nexus, key, victimKey } = request;
  if (!hasKey(state, nexus, key)) return CONFLICT;
  const { reservation, registrants } = state;
  const forAll = reservation !== null && heldByAll(reservation.type);
  if (victimKey === NO_KEY) {
    if (!forAll) return refuse(sense.invalidFieldInParameterList());
    return preemptReservation(state, request, reservation, others(state, new Set([nexus])));
  }
  const victims = new Set([...registrants.keys()].filter((each) => hasKey(state, each, victimKey)));
  if (victims.size === 0) return CONFLICT;
  const holder = reservation === null || forAll ? null : reservation.holder;
  if (reservation === null || holder === null || !victims.has(holder)) {
    return removeRegistrations(state, request, victims);
  }
  // The one that preempts keeps its registration, even under the same key.
  victims.delete(nexus);
  return preemptReservation(state, request, reservation, victims);
}

/** The reservation becomes the request's. Whoever keeps a registration learns of another type. */
function preemptReservation(
  state: PersistentState,
  { nexus, type }: PreemptRequest,
  old: Reservation,
  victims: ReadonlySet<string>,
): Decision {
  const next = { ...without(state, victims), reservation: reservationOf(nexus, type) };
  const told: Told[] = [{ attention: sense.registrationsPreempted(), nexuses: victims }];
  if (old.type !== type) told.push(released(next, new Set([nexus])));
  return { ...changed(next, ...told), preempted: victims };
}

/** A reservation of all registrants ends with the last of them; others are not touched. */
function removeRegistrations(
  state: PersistentState,
  { nexus }: PreemptRequest,
  victims: ReadonlySet<string>,
): Decision {
  const left = without(state, victims);
  const next = left.registrants.size === 0 ? { ...left, reservation: null } : left;
  const nexuses = new Set([...victims].filter((victim) => victim !== nexus));
  return { ...changed(next, { attention: sense.registrationsPreempted(), nexuses }), preempted: victims };
}

function without(state: PersistentState, victims: ReadonlySet<string>): PersistentState {
  const registrants = new Map([...state.registrants].filter(([nexus]) => !victims.has(nexus)));
  return { ...state, registrants, generation: nextGeneration(state) };
}

function reservationOf(nexus: string, type: ReservationType): Reservation {
  return { type, holder: heldByAll(type) ? null : nexus };
}
