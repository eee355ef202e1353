import assert from 'node:assert/strict';
import type { ClusterStatus, SystemView, UnitPath, UnitView } from '../../cli/status/merge.ts';
import type { LatencyStatus, LinkStatus, PortStatus } from '../../src/admin/schema.ts';

export function unitOf(status: ClusterStatus, name: string): UnitView {
  return found(
    status.units.find((unit) => unit.name === name),
    `unit ${name}`,
  );
}

/** What went to a unit through a port, and in what access state. */
export function countersOf(status: ClusterStatus, unit: string, port: string): UnitPath {
  return found(
    unitOf(status, unit).paths.find((path) => path.port === port),
    `path through ${port}`,
  );
}

/** The link of a system to the other one. */
export function linkOf(status: ClusterStatus, system: string): LinkStatus {
  return found(
    status.links.find((link) => link.system === system),
    `link of ${system}`,
  );
}

/** By stage, of a path and kind of command at a system. */
export function latencyOf(
  status: ClusterStatus,
  system: string,
  path: LatencyStatus['path'],
  kind: LatencyStatus['kind'],
): LatencyStatus['microseconds'] {
  const latency = status.latencies.find(
    (one) => one.system === system && one.path === path && one.kind === kind,
  );
  return found(latency, `latency of ${path} ${kind} at ${system}`).microseconds;
}

type ReachableSystem = Extract<SystemView, { readonly reachable: true }>;

export function systemOf(status: ClusterStatus, name: string): ReachableSystem {
  const system = found(
    status.systems.find((candidate) => candidate.name === name),
    `system ${name}`,
  );
  assert(system.reachable, `${name} does not answer`);
  return system;
}

export function portOf(status: ClusterStatus, name: string): PortStatus {
  const systems = status.systems.filter((system) => system.reachable);
  return found(
    systems.flatMap((system) => system.ports).find((port) => port.name === name),
    `port ${name}`,
  );
}

function found<T>(value: T | undefined, what: string): T {
  assert(value !== undefined, `the status has no ${what}`);
  return value;
}
