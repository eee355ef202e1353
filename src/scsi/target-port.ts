/** A SCSI target port (SAM-5 4.6.8): where commands arrive. The identity is stable across restarts. */
export interface TargetPort {
  /** The name in the configuration. */
  readonly name: string;
  /** The storage system that has the port. */
  readonly system: string;
  /** iSCSI target name (RFC 7143 4.2.7). */
  readonly targetName: string;
  /** Target portal group tag, 1-65535, unique among the ports of one target name. */
  readonly portalGroupTag: number;
  /** Relative target port identifier (SPC-4 7.8.6.6), 1-65535, unique in the cluster. */
  readonly relativeId: number;
  /** Target port group identifier (SPC-4 7.8.6.7): one group a system, 1-65535. */
  readonly groupId: number;
  readonly serves: Serves;
}

/** The logical units that a port shows: those its own system owns, those of other systems, or both. */
export type Serves = 'local' | 'proxy' | 'all';
