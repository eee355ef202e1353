/** A target that an initiator may see, and where it is reached. */
export interface DiscoveredTarget {
  readonly targetName: string;
  readonly portals: readonly {
    /** host:port, an IPv6 host in brackets. */
    readonly address: string;
    readonly portalGroupTag: number;
  }[];
}
