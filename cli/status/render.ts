import colors from 'picocolors';
import { formatSize } from '../../src/daemon/config/size.ts';
import { latencyHeader, latencyRows, latencyTitle } from './latencies.ts';
import type { ClusterStatus, SystemView, UnitView } from './merge.ts';
import { type Cell, table } from './table.ts';

/** The cluster for people: a table each for systems, ports, units, paths, sessions, links and latencies. */
export function renderStatus(status: ClusterStatus): string {
  const sections = [
    section(
      `Cluster ${status.cluster}`,
      ['SYSTEM', 'STATE', 'UP', 'MEMORY', 'BUFFERED', 'PEAK', 'PID'],
      status.systems.map(systemRow),
    ),
    section(
      'Ports',
      [
        'PORT',
        'SYSTEM',
        'KIND',
        'SERVES',
        'PORTAL',
        'TARGET',
        'TPGT',
        'RTPI',
        'SESSIONS',
        'RECEIVED',
        'ANSWERED',
      ],
      portRows(status),
    ),
    section(
      'Logical units',
      ['UNIT', 'LUN', 'OWNER', 'SIZE', 'BLOCK', 'PROVISIONED', 'ACCESS', 'SERVED BY OWNER', 'STORE'],
      status.units.map((unit) => [
        unit.name,
        unit.lun,
        unit.owner,
        formatSize(unit.size),
        unit.blockLength,
        provisioned(unit),
        unit.readOnly ? 'read-only' : 'read-write',
        unit.commandsServed,
        unit.store,
      ]),
    ),
    section(
      'Paths',
      ['UNIT', 'SYSTEM', 'PORT', 'PATH', 'STATE', 'DIRECT', 'PROXIED', 'READ', 'WRITTEN'],
      pathRows(status),
    ),
    section(
      'Sessions',
      ['INITIATOR', 'GROUP', 'ISID', 'SYSTEM', 'PORT', 'FROM', 'OUTSTANDING'],
      status.sessions.map((session) => [
        session.initiator,
        session.group,
        session.isid,
        session.system,
        session.port,
        session.connections.map(({ remote }) => remote).join(', '),
        session.commandsOutstanding,
      ]),
    ),
    section(
      'Links',
      [
        'FROM',
        'TO',
        'OVER',
        'STATE',
        'FOR',
        'ADDRESS',
        'RTT',
        'IN FLIGHT',
        'FORWARDED',
        'SERVED',
        'IN',
        'OUT',
        'PEAK',
        'LAST LOSS',
      ],
      linkRows(status),
    ),
    section(latencyTitle, latencyHeader, latencyRows(status)),
  ];
  return sections.join('\n');
}

function provisioned({ thinlyProvisioned }: UnitView): Cell {
  return thinlyProvisioned === null ? null : thinlyProvisioned ? 'thin' : 'fully';
}

function section(title: string, header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return `${colors.bold(title)}\n  none\n`;
  const [head = '', ...body] = table(header, rows);
  return `${colors.bold(title)}\n${[colors.dim(head), ...body].map((line) => `  ${line}\n`).join('')}`;
}

function systemRow(system: SystemView): Cell[] {
  if (!system.reachable) return [system.name, `unreachable (${system.reason})`, null, null, null, null, null];
  return [
    system.name,
    'up',
    duration(system.uptimeSeconds),
    rounded(system.memoryBytes),
    rounded(system.bufferedBytes),
    rounded(system.peakBufferedBytes),
    system.pid,
  ];
}

function portRows(status: ClusterStatus): Cell[][] {
  return status.systems.flatMap((system) =>
    system.reachable
      ? system.ports.map((port) => [
          port.name,
          system.name,
          port.kind,
          port.serves,
          port.portal,
          port.targetName,
          port.portalGroupTag,
          port.relativeId,
          port.sessions,
          port.commandsReceived,
          port.responsesSent,
        ])
      : [],
  );
}

function pathRows(status: ClusterStatus): Cell[][] {
  return status.units.flatMap((unit) =>
    unit.paths.map((path) => [
      unit.name,
      path.system,
      path.port,
      path.kind,
      path.state,
      path.commandsDirect,
      path.commandsProxied,
      rounded(path.bytesRead),
      rounded(path.bytesWritten),
    ]),
  );
}

function linkRows(status: ClusterStatus): Cell[][] {
  return status.links.map((link) => [
    link.system,
    link.partner,
    link.transport,
    link.state === 'up' && link.slow ? 'up, slow' : link.state,
    duration(link.sinceSeconds),
    link.address,
    link.state === 'up' && link.roundTripMilliseconds !== null
      ? `${link.roundTripMilliseconds.toFixed(2)}ms`
      : null,
    link.exchanges,
    link.commandsForwarded,
    link.commandsServed,
    rounded(link.bytesIn),
    rounded(link.bytesOut),
    rounded(link.peakBufferedBytes),
    link.lastLoss,
  ]);
}

/** Three digits and a unit: '12.3MiB'. */
export function rounded(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  const place = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** place;
  return `${place === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)}${units[place]}`;
}

/** '42s', '3m12s', '5h02m', '3d04h'. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m${two(whole % 60)}s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)}h${two((whole % 3600) / 60)}m`;
  return `${Math.floor(whole / 86400)}d${two((whole % 86400) / 3600)}h`;
}
