import type { Cluster } from '../../support/cluster.ts';
import type { ClusterShape } from '../../support/cluster-file.ts';
import { urlOf } from '../../support/disk.ts';
import type { Victim } from './iscsi-test-cu.ts';

interface PortUnderTest {
  readonly kind: string;
  readonly port: string;
  /** The port of the other system that MultipathIO takes as second path. */
  readonly otherPort: string;
  readonly lun: number;
}

/** A port of each kind, each with a unit of its own. */
export const portsUnderTest: readonly PortUnderTest[] = [
  { kind: 'local', port: 'beta-local', otherPort: 'alpha-proxy', lun: 1 },
  { kind: 'proxy', port: 'alpha-proxy', otherPort: 'beta-local', lun: 2 },
  { kind: 'proxy on a shared portal', port: 'alpha-shared', otherPort: 'beta-local', lun: 3 },
  { kind: 'single image', port: 'alpha-all', otherPort: 'beta-all', lun: 4 },
];

/** Their units, all of beta's. */
export const conformanceShape: ClusterShape = {
  name: 'conformance',
  units: portsUnderTest.map(({ lun }) => ({ name: `victim-${lun}`, owner: 'beta', lun, size: '1GiB' })),
};

export function victimOf(cluster: Cluster, { port, otherPort, lun }: PortUnderTest): Victim {
  return { url: urlOf(cluster.disk(port, lun)), otherUrl: urlOf(cluster.disk(otherPort, lun)) };
}
