/** The LUN maps of a configuration, as the router takes them. */
import type { ClusterConfig, UnitConfig } from './config/cluster-config.ts';
import { EVERYONE_ELSE } from './config/file-schema.ts';

/** Of the initiators that a group with a map names. */
export function initiatorMaps({ initiatorGroups, units }: ClusterConfig) {
  const usual = new Map(units.map(({ name, lun }) => [lun, name]));
  return initiatorGroups.flatMap(({ initiators, luns }) =>
    initiators
      .filter((initiator) => initiator !== EVERYONE_ELSE)
      .map((name) => ({ name, luns: luns ?? usual })),
  );
}

/** The LUN of a unit for initiators that no group names; null where they do not see it. */
export function othersLun({ initiatorGroups }: ClusterConfig, unit: UnitConfig): number | null {
  const luns = initiatorGroups.find(({ initiators }) => initiators.includes(EVERYONE_ELSE))?.luns ?? null;
  if (luns === null) return unit.lun;
  return [...luns].find(([, name]) => name === unit.name)?.[0] ?? null;
}
