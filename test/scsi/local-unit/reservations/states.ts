import {
  type Decision,
  NO_RESERVATIONS,
  type PersistentState,
  type PortPair,
  pairKey,
  type Reservation,
} from '../../../../src/scsi/local-unit/reservations/persistent-state.ts';

export function key(value: number): string {
  return value.toString(16).padStart(16, '0');
}

export function pair(initiatorName: string, relativePort = 1): PortPair {
  return { initiatorName, isid: '000000000001', relativePort };
}

export function stateOf(
  registrants: readonly (readonly [PortPair, number])[],
  reservation: Reservation | null = null,
): PersistentState {
  const entries = registrants.map(([port, value]) => [pairKey(port), { ...port, key: key(value) }] as const);
  return { ...NO_RESERVATIONS, registrants: new Map(entries), reservation };
}

/** The unit attentions of a change: [additional sense code qualifier, nexuses]. */
export function toldIn(decision: Decision): [number, string[]][] {
  if ('refused' in decision) return [];
  return decision.told.map(({ attention, nexuses }) => [attention.ascq, [...nexuses]]);
}
