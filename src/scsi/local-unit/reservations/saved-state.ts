/** The persistent state as bytes: what APTPL keeps. PRGENERATION is not kept: it begins at 0 with the power (SPC-4 5.12.7). */
import { ReservationType } from '../../../wire/scsi/persistent-reserve-in.ts';
import { NO_RESERVATIONS, type PersistentState, pairKey, type Registrant } from './persistent-state.ts';

const VERSION = 1;

/** A row a registrant, short: in JSON a name takes up to two bytes for each of its own (limits.ts relies on it). */
export function encodeState({ registrants, reservation, persists }: PersistentState): Uint8Array {
  const rows = [...registrants.values()].map((each) => [
    each.initiatorName,
    each.isid,
    each.relativePort,
    each.key,
  ]);
  const saved = persists
    ? { version: VERSION, registrants: rows, reservation }
    : { version: VERSION, registrants: [], reservation: null };
  return Buffer.from(JSON.stringify(saved), 'utf8');
}

/** Throws where the bytes are none of `encodeState`'s: its store gives them back as they were, or not at all. */
export function decodeState(bytes: Uint8Array): PersistentState {
  const saved: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
  if (!isObject(saved) || saved.version !== VERSION || !Array.isArray(saved.registrants))
    throw unknownFormat();
  const registrants = new Map(saved.registrants.map(registrantOf).map((each) => [pairKey(each), each]));
  if (registrants.size === 0) return NO_RESERVATIONS;
  const reservation = saved.reservation === null ? null : reservationOf(saved.reservation, registrants);
  return { registrants, reservation, generation: 0, persists: true };
}

function registrantOf(saved: unknown): Registrant {
  if (!Array.isArray(saved)) throw unknownFormat();
  const [initiatorName, isid, relativePort, key]: unknown[] = saved;
  if (typeof initiatorName !== 'string' || typeof isid !== 'string') throw unknownFormat();
  if (typeof relativePort !== 'number' || typeof key !== 'string') throw unknownFormat();
  return { initiatorName, isid, relativePort, key };
}

function reservationOf(saved: unknown, registrants: ReadonlyMap<string, Registrant>) {
  if (!isObject(saved)) throw unknownFormat();
  const { holder } = saved;
  const type = Object.values(ReservationType).find((each) => each === saved.type);
  if (type === undefined) throw unknownFormat();
  if (holder !== null && (typeof holder !== 'string' || !registrants.has(holder))) throw unknownFormat();
  return { type, holder };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function unknownFormat(): Error {
  return new Error('saved reservations in a format that is not known');
}
