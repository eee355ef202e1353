import type { TransportId } from '../../../wire/scsi/transport-id.ts';
import type { PersistentState, PortPair } from './persistent-state.ts';

export type InitiatorPort = Pick<PortPair, 'initiatorName' | 'isid'>;

/**
 * The initiator ports that TransportIDs name, each once. One without an ISID means every port of that initiator device that the
 * unit knows (SPC-4 7.6.4.6): by its nexuses, or by registrations. 'unknown' where there is none.
 */
export function initiatorPortsOf(
  ids: readonly TransportId[],
  nexuses: readonly InitiatorPort[],
  { registrants }: PersistentState,
): readonly InitiatorPort[] | 'unknown' {
  const found = new Map<string, InitiatorPort>();
  const wanted = new Map(ids.map((id) => [`${id.initiatorName},${id.isid ?? ''}`, id]));
  for (const { initiatorName, isid } of wanted.values()) {
    const named =
      isid === null
        ? [...nexuses, ...registrants.values()].filter((port) => port.initiatorName === initiatorName)
        : [{ initiatorName, isid }];
    if (named.length === 0) return 'unknown';
    for (const port of named) found.set(`${initiatorName},${port.isid}`, { initiatorName, isid: port.isid });
  }
  return [...found.values()];
}
