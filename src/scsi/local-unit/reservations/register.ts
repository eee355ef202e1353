/** REGISTER, REGISTER AND IGNORE EXISTING KEY, REGISTER AND MOVE: SPC-4 5.12.7, 5.12.8, 5.12.11.2. */
import { ScsiLimits } from '../../../limits.ts';
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
  type PersistentState,
  type PortPair,
  pairKey,
  type Registrant,
  refuse,
  released,
  type Told,
  unchanged,
} from './persistent-state.ts';

export interface RegisterRequest {
  readonly from: PortPair;
  readonly key: string;
  /** NO_KEY: unregister. */
  readonly newKey: string;
  readonly ignoreExisting: boolean;
  readonly activatePersistence: boolean;
  /** The target ports to register at, the receiving one among them. */
  readonly relativePorts: readonly number[];
  /** SPEC_I_PT's initiator ports; null where it is not set. */
  readonly initiatorPorts: readonly Pick<PortPair, 'initiatorName' | 'isid'>[] | null;
}

/** As if the request had come through each of its target ports (6.16.3): all of them, or none. */
export function register(state: PersistentState, request: RegisterRequest): Decision {
  const { from, key, newKey, ignoreExisting, initiatorPorts } = request;
  const own = request.relativePorts.map((relativePort) => ({ ...from, relativePort, key: newKey }));
  const found = own.map((each) => state.registrants.get(pairKey(each)));
  if (!ignoreExisting && found.some((old) => (old === undefined ? NO_KEY : old.key) !== key)) return CONFLICT;
  const isRegistered = found.some((old) => old !== undefined);
  if (initiatorPorts !== null && (isRegistered || newKey === NO_KEY))
    return refuse(sense.invalidFieldInCdb());
  if (newKey === NO_KEY)
    return isRegistered ? unregister(state, request, own.map(pairKey)) : unchanged(state);
  const named = (initiatorPorts ?? []).flatMap((port) => own.map((each) => ({ ...each, ...port })));
  if (named.some((each) => state.registrants.has(pairKey(each)))) return CONFLICT;
  return add(state, [...own, ...named], request.activatePersistence);
}

function add(state: PersistentState, added: readonly Registrant[], persists: boolean): Decision {
  const registrants = new Map(state.registrants);
  for (const each of added) registrants.set(pairKey(each), each);
  if (registrants.size > ScsiLimits.maxRegistrants) return refuse(sense.insufficientRegistrationResources());
  return changed({ ...state, registrants, persists, generation: nextGeneration(state) });
}

function unregister(state: PersistentState, request: RegisterRequest, gone: readonly string[]): Decision {
  const registrants = new Map(state.registrants);
  for (const nexus of gone) registrants.delete(nexus);
  const { reservation } = state;
  const ends =
    reservation !== null &&
    (heldByAll(reservation.type)
      ? registrants.size === 0
      : reservation.holder !== null && gone.includes(reservation.holder));
  const next = {
    registrants,
    reservation: ends ? null : reservation,
    generation: nextGeneration(state),
    persists: request.activatePersistence,
  };
  const told: Told[] = ends && admitsRegistrants(reservation.type) ? [released(next, new Set())] : [];
  return changed(next, ...told);
}

export interface MoveRequest {
  readonly from: PortPair;
  readonly to: PortPair;
  readonly key: string;
  readonly newKey: string;
  readonly unregister: boolean;
  readonly activatePersistence: boolean;
}

export function move(state: PersistentState, request: MoveRequest): Decision {
  const from = pairKey(request.from);
  const to = pairKey(request.to);
  const { reservation } = state;
  if (!hasKey(state, from, request.key) || reservation === null || !isHolder(state, from)) return CONFLICT;
  if (heldByAll(reservation.type)) return CONFLICT;
  if (request.newKey === NO_KEY || to === from) return refuse(sense.invalidFieldInParameterList());
  const registrants = new Map(state.registrants);
  registrants.set(to, { ...request.to, key: request.newKey });
  if (request.unregister) registrants.delete(from);
  if (registrants.size > ScsiLimits.maxRegistrants) return refuse(sense.insufficientRegistrationResources());
  return changed({
    registrants,
    reservation: { ...reservation, holder: to },
    generation: nextGeneration(state),
    persists: request.activatePersistence,
  });
}
