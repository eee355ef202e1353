import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Cluster } from '../../support/cluster.ts';
import type { UnitShape } from '../../support/cluster-file.ts';
import { urlOf } from '../../support/disk.ts';
import type { Victims } from './iscsi-test-cu.ts';

interface PortUnderTest {
  readonly kind: string;
  readonly port: string;
  /** The port of the other system that MultipathIO takes as second path. */
  readonly otherPort: string;
  readonly lun: number;
}

/** A port of each kind, each with units of its own. */
export const portsUnderTest: readonly PortUnderTest[] = [
  { kind: 'local', port: 'beta-local', otherPort: 'alpha-proxy', lun: 1 },
  { kind: 'proxy', port: 'alpha-proxy', otherPort: 'beta-local', lun: 2 },
  { kind: 'proxy on a shared portal', port: 'alpha-shared', otherPort: 'beta-local', lun: 3 },
  { kind: 'single image', port: 'alpha-all', otherPort: 'beta-all', lun: 4 },
];

const READ_ONLY = 10;
const NATIVE_512 = 20;
/** The suites that want another unit than all others: ReadOnly one that can't be written, GetLBAStatus one whose physical blocks are its logical ones. */
const distances: ReadonlyMap<string, number> = new Map([
  ['ReadOnly', READ_ONLY],
  ['GetLBAStatus', NATIVE_512],
]);

const SMALL = 64 << 20;

/** All are beta's. */
function unitsOf({ lun }: PortUnderTest): UnitShape[] {
  const owner = 'beta';
  const native = { physicalBlock: 512 } as const;
  return [
    { name: `victim-${lun}`, owner, lun, size: '1GiB' },
    { name: `read-only-${lun}`, owner, lun: lun + READ_ONLY, size: '64MiB', readOnly: true },
    { name: `native-${lun}`, owner, lun: lun + NATIVE_512, size: '1GiB', ...native },
  ];
}

export async function startConformanceCluster(): Promise<Cluster> {
  const units = portsUnderTest.flatMap(unitsOf);
  const cluster = await Cluster.make({ name: 'conformance', units });
  for (const { name, readOnly } of units) {
    if (readOnly !== true) continue;
    const file = cluster.storePath(name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, new Uint8Array(SMALL));
  }
  await Promise.all([cluster.startSystem('alpha'), cluster.startSystem('beta')]);
  await cluster.untilLinked();
  return cluster;
}

export function victimsOf(cluster: Cluster, { port, otherPort, lun }: PortUnderTest): Victims {
  return (suite) => {
    const at = lun + (distances.get(suite) ?? 0);
    return { url: urlOf(cluster.disk(port, at)), otherUrl: urlOf(cluster.disk(otherPort, at)) };
  };
}
