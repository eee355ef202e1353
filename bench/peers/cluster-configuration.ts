/** The configuration of a cluster of two: `alpha` has a port for its own units and one for `beta`'s, `beta` one for its own. */

export const SYSTEMS = ['alpha', 'beta'] as const;
export type SystemName = (typeof SYSTEMS)[number];
export type PortName = 'alpha-local' | 'alpha-proxy' | 'beta-local';
export type Transport = 'tcp' | 'tls' | 'unix' | 'fcip';

export interface ClusterUnit {
  readonly lun: number;
  readonly owner: SystemName;
  readonly file: string;
  readonly bytes: number;
}

/** Numbers of the loopback TCP ports of one system. */
export interface SystemPorts {
  readonly portal: number;
  readonly link: number;
  readonly admin: number;
}

export interface ClusterPlan {
  readonly name: string;
  readonly transport: Transport;
  /** Where the file will be, with all that belongs to it. */
  readonly folder: string;
  readonly ports: Readonly<Record<SystemName, SystemPorts>>;
  readonly units: readonly ClusterUnit[];
}

export function clusterConfiguration({ name, transport, folder, ports, units }: ClusterPlan): string {
  const address = (system: SystemName) =>
    transport === 'unix' ? `unix:${folder}/${system}.sock` : `${transport}://127.0.0.1:${ports[system].link}`;
  const system = (system: SystemName) => `
[[system]]
name = "${system}"
state = "${system}"
interconnect = ["${address(system)}"]
admin = "127.0.0.1:${ports[system].admin}"

  [[system.port]]
  name = "${system}-local"
  kind = "physical"
  portal = "127.0.0.1:${ports[system].portal}"
  serves = "local"
`;
  const proxyPort = `
  [[system.port]]
  name = "alpha-proxy"
  kind = "virtual"
  on = "alpha-local"
  serves = "proxy"
`;
  const keys = transport === 'tls' ? 'keys = "keys"\n' : '';
  return `[cluster]
name = "${name}"
${keys}${system('alpha')}${proxyPort}${system('beta')}${units.map(unitText).join('')}`;
}

function unitText({ lun, owner, file, bytes }: ClusterUnit): string {
  return `
[[unit]]
name = "unit-${lun}"
owner = "${owner}"
lun = ${lun}
size = ${bytes}
store = { file = "${file}" }
`;
}
