import type { ClusterConfig } from './config/cluster-config.ts';

/** What a started storage system is to the process that runs it. */
export interface RunningSystem {
  readonly listening: readonly ListeningPort[];
  /** Ends sessions and links, flushes and closes the stores. Gives whether every store could be. */
  stop(): Promise<boolean>;
}

export interface ListeningPort {
  readonly port: string;
  readonly kind: 'physical' | 'virtual';
  /** address:port */
  readonly portal: string;
  readonly targetName: string;
  readonly portalGroupTag: number;
}

export interface SystemOptions {
  /** Of Crosspath, for the status. */
  readonly version: string;
  /** The configuration as it is now. Throws a UserError. */
  readonly readConfig: () => ClusterConfig;
}
