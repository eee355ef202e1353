import colors from 'picocolors';
import { formatHostPort } from '../../src/daemon/config/address.ts';
import type { ClusterConfig } from '../../src/daemon/config/cluster-config.ts';
import { formatSize } from '../../src/daemon/config/size.ts';
import { table } from '../status/table.ts';
import { proxiedRoute, type Route, routesOf, urlOf } from './routes.ts';

/** What the demo prints when it runs: portals, paths, and commands to copy. */
export function guide(config: ClusterConfig, file: string): string {
  const routes = routesOf(config);
  return [
    heading('Portals'),
    ...indented(portalTable(config)),
    heading('Paths (every logical unit through every system)'),
    ...indented(pathTable(routes)),
    ...clientCommands(proxiedRoute(config)),
    ...multipathCommands(config),
    heading('Watch it'),
    ...indented([`npx crosspath status ${file}`]),
    '',
    'Ctrl-C stops the cluster; the data stays.',
    '',
  ].join('\n');
}

function portalTable(config: ClusterConfig): string[] {
  const rows = config.systems.flatMap((system) =>
    system.ports.map((port) => [
      port.name,
      port.kind,
      port.serves,
      formatHostPort(port.portal),
      port.targetName,
    ]),
  );
  return table(['PORT', 'KIND', 'SERVES', 'PORTAL', 'TARGET'], rows);
}

function pathTable(routes: readonly Route[]): string[] {
  const rows = routes.map((route) => [
    `${route.unit.name} (${formatSize(route.unit.byteLength)}, owner ${route.unit.owner})`,
    route.system,
    route.isDirect ? 'direct' : 'proxied',
    urlOf(route),
  ]);
  return table(['UNIT', 'THROUGH', 'PATH', 'URL'], rows);
}

/** For a proxied path: what `route` leads to is on the other system. */
function clientCommands(route: Route | undefined): string[] {
  if (route === undefined) return [];
  const url = urlOf(route);
  const portal = `iscsi://${formatHostPort(route.port.portal)}`;
  return [
    heading(`Try it: ${route.unit.name}, which ${route.unit.owner} owns, through ${route.system}`),
    ...indented([
      `${colors.dim('# libiscsi (Debian: libiscsi-bin)')}`,
      `iscsi-ls -s ${portal}`,
      `iscsi-inq ${url}`,
      `iscsi-perf -m 32 -b 8 -r -t 5 ${url}`,
      `${colors.dim('# QEMU (Debian: qemu-utils qemu-block-extra)')}`,
      `qemu-img info ${url}`,
      `qemu-io -f raw -c 'write -P 0xab 0 64k' -c 'read -P 0xab 0 64k' ${url}`,
      `qemu-system-x86_64 -m 1G -drive file=${url},format=raw,if=virtio`,
    ]),
  ];
}

/** The kernel's initiator, through every single-image port. */
function multipathCommands(config: ClusterConfig): string[] {
  const ports = config.systems.flatMap((system) => system.ports.filter(({ serves }) => serves === 'all'));
  const target = ports[0]?.targetName;
  if (target === undefined) return [];
  return [
    heading('Linux with multipath (as root; Debian: open-iscsi multipath-tools)'),
    ...indented([
      ...ports.map(({ portal }) => `iscsiadm -m discovery -t sendtargets -p ${formatHostPort(portal)}`),
      `iscsiadm -m node -T ${target} --login`,
      'multipath -ll',
      colors.dim('# /etc/multipath.conf, before the login:'),
      ...multipathConf,
    ]),
  ];
}

const multipathConf = [
  'devices {',
  '  device {',
  '    vendor "CROSSPTH"',
  '    product ".*"',
  '    path_grouping_policy group_by_prio',
  '    prio alua',
  '    hardware_handler "1 alua"',
  '    path_checker tur',
  '    path_selector "service-time 0"',
  '    failback immediate',
  '    no_path_retry 12',
  '    fast_io_fail_tmo 5',
  '    dev_loss_tmo 60',
  '  }',
  '}',
];

function heading(text: string): string {
  return `\n${colors.bold(text)}`;
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
