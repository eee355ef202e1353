import type {
  AccessStateName,
  LatencyStatus,
  LinkStatus,
  PortCounters,
  PortStatus,
  SessionStatus,
  SystemStatus,
  UnitStatus,
} from '../../src/admin/schema.ts';
import type { ClusterConfig, UnitConfig } from '../../src/daemon/config/cluster-config.ts';
import type { Answer } from './ask.ts';

/** The cluster in one view: what `crosspath status --json` prints. */
export interface ClusterStatus {
  readonly cluster: string;
  readonly systems: readonly SystemView[];
  readonly units: readonly UnitView[];
  readonly sessions: readonly (SessionStatus & { readonly system: string })[];
  readonly links: readonly (LinkStatus & { readonly system: string })[];
  readonly latencies: readonly (LatencyStatus & { readonly system: string })[];
}

export type SystemView =
  | (SystemStatus['system'] & { readonly reachable: true; readonly ports: readonly PortStatus[] })
  | { readonly name: string; readonly reachable: false; readonly reason: string };

export interface UnitView {
  readonly name: string;
  readonly owner: string;
  readonly lun: number;
  readonly size: number;
  readonly blockLength: number;
  readonly readOnly: boolean;
  /** By the word of its owner, or of one to which the owner has told it; null where none answered. */
  readonly thinlyProvisioned: boolean | null;
  readonly store: string;
  /** From any system that answered; null where none did. */
  readonly naa: string | null;
  readonly serial: string | null;
  /** By the owner's word; null where it did not answer. */
  readonly commandsServed: number | null;
  readonly paths: readonly UnitPath[];
}

/** One target port through which a unit can be reached. */
export interface UnitPath extends PortCounters {
  readonly system: string;
  readonly portal: string;
  readonly targetName: string;
  readonly kind: 'direct' | 'proxied';
  /** As the port's own system reports it. */
  readonly state: AccessStateName;
}

export function mergeStatus(config: ClusterConfig, answers: readonly Answer[]): ClusterStatus {
  const answered = answers.flatMap((answer) => ('status' in answer ? answer.status : []));
  return {
    cluster: config.name,
    systems: answers.map(systemView),
    units: config.units.map((unit) => unitView(unit, answered)),
    sessions: answered.flatMap(({ system, sessions }) =>
      sessions.map((session) => ({ system: system.name, ...session })),
    ),
    links: answered.flatMap(({ system, links }) => links.map((link) => ({ system: system.name, ...link }))),
    latencies: answered.flatMap(({ system, latencies }) =>
      latencies.map((latency) => ({ system: system.name, ...latency })),
    ),
  };
}

function systemView(answer: Answer): SystemView {
  if ('unreachable' in answer) return { name: answer.name, reachable: false, reason: answer.unreachable };
  return { ...answer.status.system, reachable: true, ports: answer.status.ports };
}

function unitView(unit: UnitConfig, answered: readonly SystemStatus[]): UnitView {
  const seen = answered.flatMap((status) => status.units.filter(({ name }) => name === unit.name));
  const byOwner = seen.find(({ local }) => local);
  return {
    name: unit.name,
    owner: unit.owner,
    lun: unit.lun,
    size: (byOwner ?? seen[0])?.size ?? unit.byteLength,
    blockLength: unit.blockLength,
    readOnly: unit.readOnly,
    thinlyProvisioned: (byOwner ?? seen[0])?.thinlyProvisioned ?? null,
    store: unit.store.path,
    naa: seen[0]?.naa ?? null,
    serial: seen[0]?.serial ?? null,
    commandsServed: byOwner?.commandsServed ?? null,
    paths: answered.flatMap((status) => pathsThrough(status, unit.name)),
  };
}

function pathsThrough(status: SystemStatus, name: string): UnitPath[] {
  const unit = status.units.find((candidate) => candidate.name === name);
  if (unit === undefined) return [];
  return status.ports.filter((port) => shows(port, unit)).flatMap((port) => pathOf(status, port, unit));
}

function shows(port: PortStatus, unit: UnitStatus): boolean {
  return port.serves === 'all' || (port.serves === 'local') === unit.local;
}

function pathOf({ system }: SystemStatus, port: PortStatus, unit: UnitStatus): UnitPath[] {
  const state = unit.accessStates[system.name];
  if (state === undefined) return [];
  const none = { port: port.name, commandsDirect: 0, commandsProxied: 0, bytesRead: 0, bytesWritten: 0 };
  return [
    {
      ...(unit.counters.find((counters) => counters.port === port.name) ?? none),
      system: system.name,
      portal: port.portal,
      targetName: port.targetName,
      kind: unit.local ? 'direct' : 'proxied',
      state,
    },
  ];
}
