/** A cluster whose units are all beta's: read at beta's own port, or through alpha, where the rest is the same. */
import type { Bench } from '../bench.ts';
import { Cluster } from './cluster.ts';
import { type ClusterUnit, type PortName, SYSTEMS, type SystemName } from './cluster-configuration.ts';
import type { Path } from './peer.ts';

/** By what the tables call it. */
export const ways: Readonly<Record<'direct' | 'proxied', PortName>> = {
  direct: 'beta-local',
  proxied: 'alpha-proxy',
};
export type Way = keyof typeof ways;
export const wayNames: readonly Way[] = ['direct', 'proxied'];

/** What a command passes through. */
export const systemsOn: Readonly<Record<Way, readonly SystemName[]>> = { direct: ['beta'], proxied: SYSTEMS };

export interface BetaUnits {
  readonly cluster: Cluster;
  readonly units: readonly ClusterUnit[];
  /** To the first unit; its target shows all. */
  readonly paths: Readonly<Record<Way, Path>>;
}

export interface BetaUnitsOptions {
  readonly name: string;
  /** Of the units, which get LUNs from 1. */
  readonly files: readonly string[];
  readonly unitBytes: number;
  readonly nodeArguments?: readonly string[];
}

export async function startBetaUnits(
  { processes, workspace }: Bench,
  { name, files, unitBytes, nodeArguments = [] }: BetaUnitsOptions,
): Promise<BetaUnits> {
  const units = files.map((file, i): ClusterUnit => ({ lun: i + 1, owner: 'beta', file, bytes: unitBytes }));
  const [first] = units;
  if (first === undefined) throw new Error('a cluster without units');
  const cluster = await Cluster.start(processes, workspace, {
    name,
    transport: 'tcp',
    units,
    nodeArguments: () => nodeArguments,
  });
  const path = (way: Way) => cluster.path(way, ways[way], first);
  return { cluster, units, paths: { direct: path('direct'), proxied: path('proxied') } };
}
