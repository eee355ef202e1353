import { formatHostPort } from '../../src/daemon/config/address.ts';
import type { ClusterConfig, PortConfig, UnitConfig } from '../../src/daemon/config/cluster-config.ts';

/** One way to a unit: through a target port of a system. */
export interface Route {
  readonly system: string;
  readonly port: PortConfig;
  readonly unit: UnitConfig;
  readonly isDirect: boolean;
}

/** A route for each unit and each port that serves it. */
export function routesOf(config: ClusterConfig): Route[] {
  return config.units.flatMap((unit) =>
    config.systems.flatMap((system) => {
      const isDirect = system.name === unit.owner;
      return system.ports
        .filter(({ serves }) => serves === 'all' || (serves === 'local') === isDirect)
        .map((port) => ({ system: system.name, port, unit, isDirect }));
    }),
  );
}

/** Through a physical proxy port of the first system to a unit of another. */
export function proxiedRoute(config: ClusterConfig): Route | undefined {
  return routesOf(config).find(
    ({ system, port }) =>
      system === config.systems[0]?.name && port.kind === 'physical' && port.serves === 'proxy',
  );
}

/** As libiscsi and QEMU write it. */
export function urlOf({ port, unit }: Route): string {
  return `iscsi://${formatHostPort(port.portal)}/${port.targetName}/${unit.lun}`;
}
