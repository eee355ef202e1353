/** TCP ports on loopback that the demo's two systems listen on. */
export interface DemoPorts {
  readonly interconnect: number;
  readonly admin: number;
  /** Shared by the local port and the virtual proxy port. */
  readonly local: number;
  readonly proxy: number;
  readonly image: number;
}

export const usualPorts: readonly [DemoPorts, DemoPorts] = [
  { interconnect: 7701, admin: 7801, local: 3260, proxy: 3261, image: 3262 },
  { interconnect: 7702, admin: 7802, local: 3270, proxy: 3271, image: 3272 },
];

/** The configuration of a cluster of alpha and beta with every kind of port. Its state is beside the file. */
export function demoConfig([alpha, beta]: readonly [DemoPorts, DemoPorts]): string {
  return `# Crosspath's demo: two storage systems on loopback. Change it as you like, or remove it to have it made anew.
# Every key is explained in docs/configuration.md.

[cluster]
name = "demo"
${systemTables('alpha', alpha)}${systemTables('beta', beta)}${unitTable('vol-a', 'alpha', 1)}${unitTable('vol-b', 'beta', 2)}${unitTable('vol-c', 'alpha', 3)}${unitTable('vol-d', 'beta', 4)}`;
}

function systemTables(name: string, ports: DemoPorts): string {
  return `
[[system]]
name = "${name}"
state = "${name}"
interconnect = ["tcp://127.0.0.1:${ports.interconnect}"]
admin = "127.0.0.1:${ports.admin}"

  [[system.port]]
  name = "${name}-local"                 # the units that ${name} owns
  kind = "physical"
  portal = "127.0.0.1:${ports.local}"
  serves = "local"

  [[system.port]]
  name = "${name}-virtual"               # the partner's units, through the same portal
  kind = "virtual"
  on = "${name}-local"
  serves = "proxy"

  [[system.port]]
  name = "${name}-proxy"                 # the partner's units, through a portal of its own
  kind = "physical"
  portal = "127.0.0.1:${ports.proxy}"
  serves = "proxy"

  [[system.port]]
  name = "${name}-image"                 # all units of the cluster: use this one for multipath
  kind = "physical"
  portal = "127.0.0.1:${ports.image}"
  serves = "all"
`;
}

function unitTable(name: string, owner: string, lun: number): string {
  return `
[[unit]]
name = "${name}"
owner = "${owner}"
lun = ${lun}
size = "1GiB"
store = { file = "${name}.img" }
`;
}
