/** What a started storage system is to the process that runs it. */
export interface RunningSystem {
  readonly listening: readonly ListeningPort[];
  /** Ends sessions and links, flushes and closes the stores. */
  stop(): Promise<void>;
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
}
