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
  /** Initiators with a LUN map of their own. Every other initiator sees each unit at its `lun`. */
  readonly initiators: readonly InitiatorConfig[];
}

export interface SystemConfig {
  readonly name: string;
  /** Target port group identifier, 1-65535: `group` in the file, or the place among the systems. */
  readonly groupId: number;
  readonly stateFolder: string;
  /** How calls that may wait for a disk are carried out; null: io_uring where it can be had, else threads. */
  readonly diskCalls: 'io_uring' | 'threads' | null;
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
  readonly store: { readonly kind: 'file' | 'device'; readonly path: string };
}

export interface InitiatorConfig {
  readonly name: string;
  /** LUN to unit name. */
  readonly luns: ReadonlyMap<number, string>;
}
