/** The configuration of the cluster that is attacked: alpha and beta run, gamma is played by the one who attacks. */
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import type { UnitIdentity } from '../../src/scsi/unit-identity.ts';

export interface VictimAddresses {
  /** Portals: local, proxy and all of alpha, then of beta; then gamma's. */
  readonly portals: readonly number[];
  /** Interconnect of alpha over TCP and over FCIP, then of beta. */
  readonly links: readonly number[];
  readonly admin: readonly number[];
}

export const HOSTILE = 'iqn.2026-11.test:hostile';
/** Another one, who has to prove itself. */
export const PROVEN = 'iqn.2026-11.test:proven';
export const chap = { name: 'proven', secret: 'of-the-hostile-one', file: 'chap' } as const;
export const chapFile = `initiator ${chap.name} ${chap.secret}
target crosspath of-the-target-itself
`;

/** Everyone but the hostile initiator sees all of them, by these numbers. */
export const luns = {
  'victim-a': 1,
  'victim-b': 2,
  'vol-g': 3,
  'witness-a': 101,
  'witness-b': 102,
  'secret-a': 201,
  'secret-b': 202,
} as const;
export type UnitName = keyof typeof luns;
const owners = { a: 'alpha', b: 'beta', g: 'gamma' } as const;
const hostileLuns: readonly UnitName[] = ['victim-a', 'victim-b', 'vol-g'];
/** Numbers of the others. */
export const hiddenLuns = Object.entries(luns)
  .filter(([name]) => !hostileLuns.some((shown) => shown === name))
  .map(([, lun]) => lun);

export const CLUSTER_NAME = 'fuzz';
export const UNIT_BYTES = 16 << 20;
export const BLOCK = 512;
export const UNIT_BLOCKS = UNIT_BYTES / BLOCK;
export const portNames = ['alpha', 'beta'].flatMap((system) =>
  ['local', 'shared', 'proxy', 'all'].map((port) => `${system}-${port}`),
);

export function victimFile({ portals, links, admin }: VictimAddresses): string {
  const system = (name: string, place: number) => `
[[system]]
name = "${name}"
state = "${name}"
interconnect = ["tcp://127.0.0.1:${links[2 * place]}", "fcip://127.0.0.1:${links[2 * place + 1]}"]
admin = "127.0.0.1:${admin[place]}"
${port(`${name}-local`, `physical"\nportal = "127.0.0.1:${portals[3 * place]}`, 'local')}
${port(`${name}-shared`, `virtual"\non = "${name}-local`, 'proxy')}
${port(`${name}-proxy`, `physical"\nportal = "127.0.0.1:${portals[3 * place + 1]}`, 'proxy')}
${port(`${name}-all`, `physical"\nportal = "127.0.0.1:${portals[3 * place + 2]}`, 'all')}`;
  return `[cluster]
name = "${CLUSTER_NAME}"
${system('alpha', 0)}
${system('beta', 1)}

[[system]]
name = "gamma"
state = "gamma"
interconnect = ["unix:gamma.sock"]
admin = "127.0.0.1:${admin[2]}"
${port('gamma-all', `physical"\nportal = "127.0.0.1:${portals[6]}`, 'all')}
${Object.keys(luns).map(unit).join('')}
[[initiator_group]]
name = "others"
initiators = ["*"]
${group('hostile', HOSTILE)}
${group('proven', PROVEN)}
chap = "${chap.file}"
`;
}

function group(name: string, initiator: string): string {
  return `[[initiator_group]]
name = "${name}"
initiators = ["${initiator}"]
luns = { ${hostileLuns.map((unit) => `"${luns[unit]}" = "${unit}"`).join(', ')} }`;
}

function port(name: string, kind: string, serves: string): string {
  return `[[system.port]]\nname = "${name}"\nkind = "${kind}"\nserves = "${serves}"`;
}

function unit(name: string): string {
  const owner = owners[name.slice(-1) as keyof typeof owners];
  return `
[[unit]]
name = "${name}"
owner = "${owner}"
lun = ${luns[name as UnitName]}
size = ${UNIT_BYTES}
store = { file = "${name}.img" }
`;
}

/** What every system makes of the name. */
export function identityOf(name: UnitName): UnitIdentity {
  const owner = owners[name.slice(-1) as keyof typeof owners];
  return makeUnitIdentity(CLUSTER_NAME, { name, owner, blockLength: BLOCK, byteLength: UNIT_BYTES });
}

/** The victims that a port shows to the hostile initiator. */
export function shownLuns(port: string): number[] {
  const [system, serves] = port.split('-');
  const own = system === 'alpha' ? luns['victim-a'] : luns['victim-b'];
  const all = [luns['victim-a'], luns['victim-b']];
  if (serves === 'all') return all;
  return all.filter((lun) => (lun === own) === (serves === 'local'));
}
