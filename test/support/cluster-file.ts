/** How a cluster under test is to differ from the default. */
export interface ClusterShape {
  readonly name?: string;
  /** 'tcp' where not given. */
  readonly transport?: 'tcp' | 'unix' | 'fcip';
  /** As the file has it: "16KiB". */
  readonly readSet?: string;
  /** `defaultUnits` where not given. */
  readonly units?: readonly UnitShape[];
  readonly groups?: readonly GroupShape[];
}

export interface UnitShape {
  readonly name: string;
  readonly owner: 'alpha' | 'beta';
  readonly lun: number;
  /** As the file has it: "64MiB". */
  readonly size: string;
  readonly block?: 512 | 4096;
  readonly physicalBlock?: 512 | 4096;
  readonly readOnly?: boolean;
  /** As the file has it. */
  readonly lowSpace?: string;
  /** A file called NAME.img in the owner's state folder where not given. */
  readonly store?: { readonly file: string } | { readonly device: string };
}

export interface GroupShape {
  readonly name: string;
  readonly initiators: readonly string[];
  /** LUN to unit. */
  readonly luns?: Readonly<Record<number, string>>;
  readonly ports?: readonly string[];
  /** Lines of its CHAP file. */
  readonly chap?: readonly string[];
}

/** Where things are: six portals (local, proxy, all of alpha, then of beta), then two admin ports. */
export interface ClusterAddresses {
  readonly ports: readonly number[];
  readonly links: { readonly alpha: string; readonly beta: string };
}

export const defaultUnits: readonly UnitShape[] = [
  { name: 'vol-a', owner: 'alpha', lun: 1, size: '64MiB' },
  { name: 'vol-b', owner: 'beta', lun: 2, size: '64MiB' },
];

/** The configuration file. */
export function configText(shape: ClusterShape, { ports, links }: ClusterAddresses): string {
  const readSet = shape.readSet === undefined ? '' : `read_set = "${shape.readSet}"\n`;
  return [
    `[cluster]\nname = "${shape.name ?? 'e2e'}"\n${readSet}`,
    systemText('alpha', links.alpha, ports.slice(0, 3), ports[6]),
    systemText('beta', links.beta, ports.slice(3, 6), ports[7]),
    ...(shape.units ?? defaultUnits).map(unitText),
    ...(shape.groups ?? []).map(groupText),
  ].join('\n');
}

function systemText(
  name: string,
  interconnect: string,
  [local, proxy, all]: readonly number[],
  admin: number | undefined,
): string {
  return `[[system]]
name = "${name}"
state = "${name}"
interconnect = ["${interconnect}"]
admin = "127.0.0.1:${admin}"
${portText(`${name}-local`, `kind = "physical"\nportal = "127.0.0.1:${local}"`, 'local')}
${portText(`${name}-shared`, `kind = "virtual"\non = "${name}-local"`, 'proxy')}
${portText(`${name}-proxy`, `kind = "physical"\nportal = "127.0.0.1:${proxy}"`, 'proxy')}
${portText(`${name}-all`, `kind = "physical"\nportal = "127.0.0.1:${all}"`, 'all')}
`;
}

function portText(name: string, place: string, serves: string): string {
  return `[[system.port]]\nname = "${name}"\n${place}\nserves = "${serves}"`;
}

function unitText(unit: UnitShape): string {
  const { name, owner, lun, size, store = { file: `${name}.img` } } = unit;
  const [[kind, path] = []] = Object.entries(store);
  return `[[unit]]
name = "${name}"
owner = "${owner}"
lun = ${lun}
size = "${size}"
block = ${unit.block ?? 512}
physical_block = ${unit.physicalBlock ?? 4096}
read_only = ${unit.readOnly ?? false}
${unit.lowSpace === undefined ? '' : `low_space = "${unit.lowSpace}"`}
store = { ${kind} = "${path}" }
`;
}

function groupText({ name, initiators, luns, ports, chap }: GroupShape): string {
  const map = Object.entries(luns ?? {}).map(([lun, unit]) => `"${lun}" = "${unit}"`);
  return [
    `[[initiator_group]]\nname = "${name}"\ninitiators = ${JSON.stringify(initiators)}`,
    ...(luns === undefined ? [] : [`luns = { ${map.join(', ')} }`]),
    ...(ports === undefined ? [] : [`ports = ${JSON.stringify(ports)}`]),
    ...(chap === undefined ? [] : [`chap = "${chapFileName(name)}"`]),
    '',
  ].join('\n');
}

/** Beside the configuration. */
export function chapFileName(group: string): string {
  return `${group}.chap`;
}
