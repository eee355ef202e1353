/**
 * Through which target port groups a unit can be reached, and in which access state, as this system knows it: the
 * owner's group active/optimized, every other one active/non-optimized while its system's link to the owner is up, else unavailable.
 */
import { AccessState, type AccessStates, type TargetPortGroup } from '../../scsi/access-states.ts';
import type { TargetPort } from '../../scsi/target-port.ts';
import type { UnitIdentity } from '../../scsi/unit-identity.ts';

/** What is known of the way to other systems, and of what they say of their units. */
export interface Reachability {
  /** Whether the link between this system and that one is up. */
  isUp(system: string): boolean;
  /** The access state of a unit through its owner's ports, where the owner has said so; else null. */
  saidByOwner(unit: UnitIdentity): AccessState | null;
}

export class AccessStateTable implements AccessStates {
  readonly #self: string;
  readonly #reachability: Reachability;
  /** The cluster's ports, by system, ascending relative id. */
  readonly #bySystem = new Map<string, TargetPort[]>();

  constructor(self: string, ports: readonly TargetPort[], reachability: Reachability) {
    this.#self = self;
    this.#reachability = reachability;
    for (const port of [...ports].sort((a, b) => a.relativeId - b.relativeId)) {
      const known = this.#bySystem.get(port.system);
      if (known === undefined) this.#bySystem.set(port.system, [port]);
      else known.push(port);
    }
  }

  groups(unit: UnitIdentity): readonly TargetPortGroup[] {
    const groups: TargetPortGroup[] = [];
    for (const [system, ports] of this.#bySystem) {
      const showing = ports.filter((port) => shows(port, unit));
      const first = showing[0];
      if (first === undefined) continue;
      const state = this.state(unit, system);
      groups.push({ groupId: first.groupId, state, ports: showing.map(({ relativeId }) => relativeId) });
    }
    return groups.sort((a, b) => a.groupId - b.groupId);
  }

  ports(unit: UnitIdentity): readonly TargetPort[] {
    return [...this.#bySystem.values()]
      .flat()
      .filter((port) => shows(port, unit))
      .sort((a, b) => a.relativeId - b.relativeId);
  }

  /** The unit's access state through the ports of one system. */
  state(unit: UnitIdentity, system: string): AccessState {
    const atOwner = this.#reachability.saidByOwner(unit) ?? AccessState.activeOptimized;
    if (system === unit.owner) return atOwner;
    if (atOwner !== AccessState.activeOptimized) return atOwner;
    // The way from a third system to the owner is not known here: what it says there counts.
    const otherEnd = system === this.#self ? unit.owner : system;
    const concernsUs = system === this.#self || unit.owner === this.#self;
    return !concernsUs || this.#reachability.isUp(otherEnd)
      ? AccessState.activeNonOptimized
      : AccessState.unavailable;
  }
}

function shows({ serves, system }: TargetPort, { owner }: UnitIdentity): boolean {
  return serves === 'all' || (serves === 'local') === (system === owner);
}
