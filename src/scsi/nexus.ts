import type { Presence } from './presence.ts';
import type { TargetPort } from './target-port.ts';

/**
 * An I_T nexus (SAM-5 4.6): one initiator port seen through one target port. The object is the identity: it is
 * made when a session (or its stand-in on the owner) begins, and a new session is a new object. Reservations,
 * unit attentions and tasks hang on it.
 */
export interface Nexus {
  /** Its place in the order of this system: unique, and later than all that was before it. */
  readonly id: number;
  /** iSCSI initiator name (RFC 7143 4.2.7). */
  readonly initiatorName: string;
  /** The initiator session id, 12 hexadecimal digits; with the name, it is the initiator port. */
  readonly isid: string;
  readonly port: TargetPort;
  readonly presence: Presence;
}

/** The name of the nexus that stays the same across sessions: initiator port and target port (SPC-4 7.6.4.5). */
export function nexusKey({ initiatorName, isid, port }: Nexus): string {
  return portsKey(initiatorName, isid, port.relativeId);
}

/** The same, for ports that need not have met. */
export function portsKey(initiatorName: string, isid: string, relativePort: number): string {
  return `${initiatorName},i,0x${isid},${relativePort}`;
}
