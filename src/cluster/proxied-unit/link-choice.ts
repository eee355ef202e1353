/**
 * Which of several links to the owner carries a command. All commands of one initiator to one unit go by the same link,
 * for as long as it lives: so none overtakes another, nor does a task management function, nor the commands of a new
 * session those of the one that it replaces (docs/interconnect.md section 7). Initiators and units spread over the links.
 */
import type { Nexus } from '../../scsi/nexus.ts';
import type { Originator } from './originator.ts';

/** An initiator, for one unit, and the link that it uses. */
export interface Binding {
  readonly originator: Originator;
  /** The initiator's nexuses that have used the unit on this link, and are there. */
  readonly nexuses: Set<Nexus>;
}

/** What is asked of a link to choose among several. */
export type LinkLoad = Pick<Originator, 'isSlow' | 'bound' | 'exchangesInFlight' | 'hasCommandOf'>;

/**
 * The link for an initiator that is bound to none: the one that still runs something of its last session's, slow or not;
 * else one that is not slow, of these the one with the fewest bound to it, then with the least in flight. Null where
 * there is no link.
 */
export function chooseLink<L extends LinkLoad>(
  links: readonly L[],
  initiatorName: string,
  unitId: number,
): L | null {
  const busy = links.find((link) => link.hasCommandOf(initiatorName, unitId));
  if (busy !== undefined) return busy;
  const [first] = [...links].sort(
    (a, b) =>
      Number(a.isSlow) - Number(b.isSlow) || a.bound - b.bound || a.exchangesInFlight - b.exchangesInFlight,
  );
  return first ?? null;
}
