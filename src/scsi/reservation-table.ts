/**
 * Which commands a reservation of another I_T nexus stands against (SPC-4 5.12.1, its tables of commands allowed in the
 * presence of reservations, and SBC-3 4.17; for RESERVE (6) and (10), SPC-2 5.5.1).
 */
import { ReservationType } from '../wire/scsi/persistent-reserve-in.ts';

/** What a command does, as far as reservations go. */
export const ReservationClass = {
  /** Tells what is no secret, under every reservation. */
  allowed: 0,
  /** TEST UNIT READY. */
  ready: 1,
  reads: 2,
  writes: 3,
  /** START STOP UNIT: a start in the active power condition is allowed, everything else changes the unit. */
  stops: 4,
  /** PERSISTENT RESERVE IN and OUT: they look at keys themselves. */
  manages: 5,
  /** RESERVE and RELEASE. */
  reserves: 6,
} as const;
export type ReservationClass = (typeof ReservationClass)[keyof typeof ReservationClass];

/** What stands between a command and the unit: the columns of the table. */
export const Standing = {
  /** No reservation that excludes the nexus. There may be registrations. */
  free: 0,
  /** A persistent reservation that excludes the nexus from writing, or from reading too. */
  writeExclusive: 1,
  exclusiveAccess: 2,
  /** RESERVE (6) or (10) by another nexus, or by the command's own. */
  reservedByOther: 3,
  reservedBySelf: 4,
} as const;
export type Standing = (typeof Standing)[keyof typeof Standing];

/**
 * `conflicts[class][standing]`. `reserves` under `free` and the persistent ones is decided by whether there is any registration
 * (5.12.3, CRH is 0), under the last two by the command itself.
 */
export const conflicts: readonly (readonly boolean[])[] = [
  /*             free  writeExclusive  exclusiveAccess  reservedByOther  reservedBySelf */
  /* allowed  */ [false, false, false, false, false],
  /* ready    */ [false, false, false, true, false],
  /* reads    */ [false, false, true, true, false],
  /* writes   */ [false, true, true, true, false],
  /* stops    */ [false, true, true, true, false],
  /* manages  */ [false, false, false, true, true],
  /* reserves */ [false, true, true, false, false],
];

/** Whether a registration is enough to be let through (5.12.1: registrants only, all registrants). */
export function admitsRegistrants(type: ReservationType): boolean {
  return type >= ReservationType.writeExclusiveRegistrantsOnly;
}

/** Whether every registrant holds the reservation. */
export function heldByAll(type: ReservationType): boolean {
  return type >= ReservationType.writeExclusiveAllRegistrants;
}

/** What a persistent reservation is to a nexus that it does not admit. */
export function exclusionOf(type: ReservationType): Standing {
  switch (type) {
    case ReservationType.writeExclusive:
    case ReservationType.writeExclusiveRegistrantsOnly:
    case ReservationType.writeExclusiveAllRegistrants:
      return Standing.writeExclusive;
    case ReservationType.exclusiveAccess:
    case ReservationType.exclusiveAccessRegistrantsOnly:
    case ReservationType.exclusiveAccessAllRegistrants:
      return Standing.exclusiveAccess;
    default:
      return type satisfies never;
  }
}
