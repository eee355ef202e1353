/** What a file leaves out, so that the checks and the finished configuration agree on it. */
import { resolve } from 'node:path';
import type { LinkAddress } from '../../cluster/link/link-address.ts';
import type { SystemDraft, UnitDraft } from './draft.ts';
import type { WrittenAddress } from './file-schema.ts';

/** Bytes of a logical block, and of what the medium writes at a time: disks of today, and a page of the page cache. */
export const DEFAULT_BLOCK = 512;
export const DEFAULT_PHYSICAL_BLOCK = 4096;

const AUTHORITY = 'iqn.2026-11.dev.crosspath';

/** Ports that serve all units are one target, with a portal group each. */
export function targetNameOf(cluster: string, port: string, serves: 'local' | 'proxy' | 'all'): string {
  return serves === 'all' ? `${AUTHORITY}:${cluster}` : `${AUTHORITY}:${cluster}:${port}`;
}

/** `before`: ports of the systems that stand before this one in the file; `place`: 0-based among its own. */
export function relativeIdOf(written: number | undefined, before: number, place: number): number {
  return written ?? before + place + 1;
}

/** `system`: whose address it is. */
export function interconnectAddress(address: WrittenAddress, folder: string, system: string): LinkAddress {
  if (address.transport === 'unix') return { ...address, path: resolve(folder, address.path) };
  const { transport, host, port } = address;
  return transport === 'tls' ? { transport, host, port, system } : { transport, host, port };
}

/** The absolute path of a unit's file or device, or null where the draft lacks what it takes. */
export function storePathOf(unit: UnitDraft, owner: SystemDraft | undefined, folder: string): string | null {
  if (unit.store.device !== undefined) return unit.store.device;
  if (unit.store.file === undefined || owner?.state === undefined) return null;
  return resolve(folder, owner.state, unit.store.file);
}
