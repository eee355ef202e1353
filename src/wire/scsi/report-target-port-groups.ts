/** REPORT TARGET PORT GROUPS parameter data (SPC-4 6.37). */
import { putU16, putU32 } from './bytes.ts';

export interface TargetPortGroupRecord {
  readonly groupId: number;
  /** ASYMMETRIC ACCESS STATE, 0-15. */
  readonly state: number;
  readonly ports: readonly number[];
}

/** PARAMETER DATA FORMAT of the CDB. */
export const GroupsFormat = { lengthOnly: 0, extended: 1 } as const;

/** Transitioning, unavailable, active/non-optimized and active/optimized can occur: T_SUP, U_SUP, AN_SUP, AO_SUP. */
const SUPPORTED_STATES = 0x8b;
const ALTERED_BY_IMPLICIT_BEHAVIOUR = 0x02;

/** `transitionSeconds`: IMPLICIT TRANSITION TIME, in the extended header alone. */
export function encodeTargetPortGroups(
  groups: readonly TargetPortGroupRecord[],
  format: number,
  transitionSeconds: number,
): Uint8Array {
  const header = format === GroupsFormat.extended ? 8 : 4;
  const length = groups.reduce((sum, group) => sum + 8 + 4 * group.ports.length, header);
  const bytes = new Uint8Array(length);
  putU32(bytes, 0, length - 4);
  if (format === GroupsFormat.extended) {
    bytes[4] = GroupsFormat.extended << 4;
    bytes[5] = transitionSeconds;
  }
  let at = header;
  for (const group of groups) at = putGroup(bytes, at, group);
  return bytes;
}

function putGroup(bytes: Uint8Array, start: number, group: TargetPortGroupRecord): number {
  bytes[start] = group.state;
  bytes[start + 1] = SUPPORTED_STATES;
  putU16(bytes, start + 2, group.groupId);
  bytes[start + 5] = ALTERED_BY_IMPLICIT_BEHAVIOUR;
  bytes[start + 7] = group.ports.length;
  let at = start + 8;
  for (const port of group.ports) {
    putU16(bytes, at + 2, port);
    at += 4;
  }
  return at;
}
