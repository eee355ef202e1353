/** What a logical unit is, the same through every port of every system. */
export interface UnitIdentity {
  /** The name in the configuration, unique in the cluster. */
  readonly name: string;
  /** The storage system that owns it. */
  readonly owner: string;
  /** 16 bytes of an NAA 6 designator (SPC-4 7.8.6.6.5), made from the names of cluster and unit. */
  readonly naa: Uint8Array;
  /** Unit serial number (VPD 80h), ASCII. */
  readonly serial: string;
  /** Bytes of a logical block. */
  readonly blockLength: number;
  /** What its medium writes at a time: a multiple of the logical block. */
  readonly physicalBlockLength: number;
  /** It grows. */
  blockCount: number;
  /**
   * Thin provisioned (SBC-3 4.7.3.3): its store frees the space of what is unmapped. Else fully provisioned (4.7.2): then there
   * is nothing to unmap. Its owner knows it from the store; elsewhere it is learnt from the owner.
   */
  thinlyProvisioned: boolean;
  /** Whether its medium tells what is used and free. */
  readonly reportsSpace: boolean;
}
