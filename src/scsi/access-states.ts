import type { TargetPort } from './target-port.ts';
import type { UnitIdentity } from './unit-identity.ts';

/** Asymmetric access states (SPC-4 5.15.2.4), by the numbers of REPORT TARGET PORT GROUPS. */
export const AccessState = {
  activeOptimized: 0x0,
  activeNonOptimized: 0x1,
  standby: 0x2,
  unavailable: 0x3,
  transitioning: 0xf,
} as const;
export type AccessState = (typeof AccessState)[keyof typeof AccessState];

/** One target port group, as REPORT TARGET PORT GROUPS shows it for one logical unit (SPC-4 6.37). */
export interface TargetPortGroup {
  readonly groupId: number;
  readonly state: AccessState;
  /** Relative target port identifiers of the group's ports that show the unit, ascending. */
  readonly ports: readonly number[];
}

/** Who knows through which groups a unit can be reached. The answer is the same whichever port asks. */
export interface AccessStates {
  groups(unit: UnitIdentity): readonly TargetPortGroup[];
  /** All target ports of the cluster that show the unit, ascending by relative identifier, whatever their state. */
  ports(unit: UnitIdentity): readonly TargetPort[];
}
