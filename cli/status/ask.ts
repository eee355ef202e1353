import { type SystemStatus, systemStatus } from '../../src/admin/schema.ts';
import { formatHostPort, isWildcard } from '../../src/daemon/config/address.ts';
import type { ClusterConfig, SystemConfig } from '../../src/daemon/config/cluster-config.ts';

/** A system that does not answer this fast is shown as unreachable. */
const PATIENCE_MILLISECONDS = 2_000;

export type Answer =
  | { readonly name: string; readonly status: SystemStatus }
  | { readonly name: string; readonly unreachable: string };

/** What every system of the cluster says of itself, in the order of the file. */
export function askAll(config: ClusterConfig): Promise<Answer[]> {
  return Promise.all(config.systems.map((system) => ask(config.name, system)));
}

async function ask(cluster: string, { name, admin }: SystemConfig): Promise<Answer> {
  const where = adminUrl(admin, 'status');
  try {
    const response = await fetch(where, { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
    if (!response.ok) return { name, unreachable: `${where} answers ${response.status}` };
    const status = systemStatus.parse(await response.json());
    const who = status.system;
    if (who.name === name && who.cluster === cluster) return { name, status };
    return { name, unreachable: `${where} is system ${who.name} of cluster ${who.cluster}` };
  } catch (error) {
    return { name, unreachable: `${where}: ${reasonOf(error)}` };
  }
}

export function adminUrl({ host, port }: SystemConfig['admin'], path: string): string {
  const reachable = isWildcard(host) ? '127.0.0.1' : host;
  return `http://${formatHostPort({ host: reachable, port })}/${path}`;
}

/** Why a fetch failed. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // fetch says "fetch failed", and why in the cause.
  const cause = error.cause instanceof Error ? error.cause : error;
  return 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : (cause.message.split('\n', 1)[0] ?? '');
}
