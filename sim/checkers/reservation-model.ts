/** Persistent reservations of one unit as SPC-4 5.12 has them, written a second time: what requests make of them, and what is answered. */

/** An I_T nexus, by a name that stays the same across sessions. */
export type NexusName = string;

export interface ReservationState {
  /** Keys, 16 hexadecimal digits. */
  readonly registrants: ReadonlyMap<NexusName, string>;
  /** Null where there is no reservation. */
  readonly held: { readonly holder: NexusName; readonly type: number } | null;
  /** APTPL was said last: it all survives the owner's death. */
  readonly persists: boolean;
}

export type ReservationRequest =
  | {
      readonly action: 'register';
      /** Null: REGISTER AND IGNORE EXISTING KEY. */
      readonly key: string | null;
      readonly newKey: string;
      readonly persists: boolean;
    }
  | { readonly action: 'reserve' | 'release'; readonly key: string; readonly type: number }
  | { readonly action: 'clear'; readonly key: string }
  | {
      readonly action: 'preempt' | 'preemptAndAbort';
      readonly key: string;
      readonly victimKey: string;
      readonly type: number;
    }
  | { readonly action: 'readKeys' }
  | { readonly action: 'readReservation' };

export const NO_KEY = '0000000000000000';
/** Registrants only, of both kinds: those that clients make. */
export const HeldType = { writeExclusive: 5, exclusiveAccess: 6 } as const;
export const NOTHING_RESERVED: ReservationState = { registrants: new Map(), held: null, persists: false };

/** 'good', 'conflict' (RESERVATION CONFLICT), 'refused' (ILLEGAL REQUEST), or what a read shows. */
export type ReservationAnswer = string;

export interface Applied {
  readonly next: ReservationState;
  readonly answer: ReservationAnswer;
}

export function apply(state: ReservationState, nexus: NexusName, request: ReservationRequest): Applied {
  const { registrants, held } = state;
  const good = (next: ReservationState): Applied => ({ next, answer: 'good' });
  const unchanged = (answer: ReservationAnswer): Applied => ({ next: state, answer });
  if (request.action === 'readKeys') return unchanged(keysText([...registrants.values()]));
  if (request.action === 'readReservation') {
    return unchanged(held === null ? 'none' : heldText(registrants.get(held.holder) ?? NO_KEY, held.type));
  }
  if (request.action === 'register') return register(state, nexus, request);
  if (registrants.get(nexus) !== request.key) return unchanged('conflict');
  switch (request.action) {
    case 'reserve':
      if (held === null) return good({ ...state, held: { holder: nexus, type: request.type } });
      return unchanged(held.holder === nexus && held.type === request.type ? 'good' : 'conflict');
    case 'release':
      if (held === null || held.holder !== nexus) return unchanged('good');
      return held.type === request.type ? good({ ...state, held: null }) : unchanged('refused');
    case 'clear':
      return good({ ...state, registrants: new Map(), held: null });
    default: {
      const isVictim = (name: NexusName): boolean => registrants.get(name) === request.victimKey;
      if (![...registrants.keys()].some(isVictim)) return unchanged('conflict');
      const left = new Map([...registrants].filter(([name]) => !isVictim(name)));
      const takes = held !== null && isVictim(held.holder);
      return good({
        ...state,
        registrants: left,
        held: takes ? { holder: nexus, type: request.type } : held,
      });
    }
  }
}

function register(
  state: ReservationState,
  nexus: NexusName,
  { key, newKey, persists }: Extract<ReservationRequest, { readonly action: 'register' }>,
): Applied {
  const { held } = state;
  const old = state.registrants.get(nexus);
  if (key !== null && (old ?? NO_KEY) !== key) return { next: state, answer: 'conflict' };
  if (newKey === NO_KEY && old === undefined) return { next: state, answer: 'good' };
  const registrants = new Map(state.registrants);
  if (newKey === NO_KEY) registrants.delete(nexus);
  else registrants.set(nexus, newKey);
  const ends = newKey === NO_KEY && held?.holder === nexus;
  return { next: { registrants, held: ends ? null : held, persists }, answer: 'good' };
}

/** The owner's process has ended, by whatever means. */
export function afterDeath(state: ReservationState): ReservationState {
  return state.persists && state.registrants.size > 0 ? state : NOTHING_RESERVED;
}

/** Whether it stands against a command of the nexus: against all but reads, or against these too. */
export function standsAgainst(
  { held, registrants }: ReservationState,
  nexus: NexusName,
  isRead: boolean,
): boolean {
  if (held === null || registrants.has(nexus)) return false;
  return !isRead || held.type === HeldType.exclusiveAccess;
}

/** Whether the request may take something from another nexus: the others only give. */
export function takesAway(request: ReservationRequest): boolean {
  switch (request.action) {
    case 'register':
      return request.newKey === NO_KEY;
    case 'reserve':
    case 'clear':
    case 'preempt':
    case 'preemptAndAbort':
      return true;
    default:
      return false;
  }
}

export function keysText(keys: readonly string[]): ReservationAnswer {
  return `keys ${[...keys].sort().join()}`;
}

export function heldText(key: string, type: number): ReservationAnswer {
  return `${type} by ${key}`;
}

export function stateText({ registrants, held, persists }: ReservationState): string {
  const names = [...registrants].map(([name, key]) => `${name}=${key}`).sort();
  return `${names.join()} ${held === null ? 'free' : `${held.type} by ${held.holder}`} ${persists}`;
}
