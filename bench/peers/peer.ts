/** What is compared: servers that show a unit over iSCSI. */

export interface Server {
  readonly name: string;
  readonly pid: number;
}

/** One way to a unit: a column of the table. */
export interface Path {
  readonly name: string;
  /** As libiscsi and QEMU write it: iscsi://HOST:PORT/TARGET/LUN. */
  readonly url: string;
  /** The file behind the unit. */
  readonly file: string;
  /** The processes that a command passes through. */
  readonly servers: readonly Server[];
}

export interface Peer {
  /** Starts the servers. Their paths answer when it resolves. */
  start(): Promise<readonly Path[]>;
  stop(): Promise<void>;
}
