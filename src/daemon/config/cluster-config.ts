import type { LinkAddress } from '../../cluster/link/link-address.ts';
import type { Serves } from '../../scsi/target-port.ts';

/** A configuration file, checked, with every default filled in and every path absolute. */
export interface ClusterConfig {
  readonly name: string;
  /** Bytes of a read set on the interconnect. */
  readonly readSetLength: number;
  /** Where the key file of each system is; null where no link needs one. */
  readonly keysFolder: string | null;
  readonly systems: readonly SystemConfig[];
  readonly units: readonly UnitConfig[];
  /** Who may log in. Where there is no group, everyone may, and sees each unit at its `lun`. */
  readonly initiatorGroups: readonly InitiatorGroupConfig[];
}

export interface SystemConfig {
  readonly name: string;
  /** Target port group identifier, 1-65535: `group` in the file, or the place among the systems. */
  readonly groupId: number;
  readonly stateFolder: string;
  /** How calls that may wait for a disk are carried out; null: io_uring where it can be had, else threads. */
  readonly diskCalls: 'io_uring' | 'threads' | null;
  /** How long the loop looks for more input before it sleeps; 0 for not at all. */
  readonly pollMilliseconds: number;
  /** Where partners reach it: each has a link to each of these. */
  readonly interconnect: readonly LinkAddress[];
  readonly admin: { readonly host: string; readonly port: number };
  readonly ports: readonly PortConfig[];
}

export interface PortConfig {
  readonly name: string;
  readonly kind: 'physical' | 'virtual';
  /** A virtual port has the address of the physical port it is on. */
  readonly portal: { readonly host: string; readonly port: number };
  /** The physical port that a virtual one shares the portal of. */
  readonly on: string | null;
  readonly serves: Serves;
  readonly targetName: string;
  readonly portalGroupTag: number;
  readonly relativeId: number;
}

export interface UnitConfig {
  readonly name: string;
  readonly owner: string;
  readonly lun: number;
  readonly byteLength: number;
  readonly blockLength: number;
  readonly physicalBlockLength: number;
  /** Nothing changes its medium, and its store is opened for reading alone. */
  readonly readOnly: boolean;
  /** Bytes: initiators are told when the file system of its file has less free; null: they are not. */
  readonly lowSpace: number | null;
  readonly store:
    | { readonly kind: 'file'; readonly path: string }
    /** `direct`: past the page cache. */
    | { readonly kind: 'device'; readonly path: string; readonly direct: boolean };
}

export interface InitiatorGroupConfig {
  readonly name: string;
  /** iSCSI names; EVERYONE_ELSE among them: those that no group names. An initiator is in one group at the most. */
  readonly initiators: readonly string[];
  /** LUN to unit name; null: each unit at its `lun`. */
  readonly luns: ReadonlyMap<number, string> | null;
  /** The ports that its initiators may log in to; null: every port. */
  readonly ports: readonly string[] | null;
  /** The file with the CHAP secrets by which its initiators prove who they are; null: they need not. */
  readonly chapFile: string | null;
}
