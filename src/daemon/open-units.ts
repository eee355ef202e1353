import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Disk } from '../env/disk.ts';
import type { BlockStore } from '../stores/block-store.ts';
import { openDeviceStore } from '../stores/device/device-store.ts';
import { openFileStore } from '../stores/file/file-store.ts';
import { checked } from '../stores/layers/checked.ts';
import { StoreOpenError } from '../stores/store-open-error.ts';
import type { SystemConfig, UnitConfig } from './config/cluster-config.ts';
import { MadeStores } from './made-stores.ts';
import { openAll } from './open-all.ts';
import { UserError } from './user-error.ts';

/** Opens the stores of the units that a system owns, in their order. Rejects with UserError, and with none left open. */
export async function openStores(
  disk: Disk,
  system: SystemConfig,
  units: readonly UnitConfig[],
): Promise<BlockStore[]> {
  const madeBefore = new MadeStores(system.stateFolder);
  const made: { unit: string; path: string }[] = [];
  try {
    return await openAll(units, async (unit) => {
      const { kind, path } = unit.store;
      // What was never written has nothing to read: a file of a read-only unit that is not there is a mistake.
      const create = kind === 'file' && !unit.readOnly && !madeBefore.has(unit.name, path);
      const store = checked(await openStore(disk, unit, create));
      if (create) made.push({ unit: unit.name, path });
      return store;
    });
  } finally {
    madeBefore.add(made);
  }
}

async function openStore(disk: Disk, unit: UnitConfig, create: boolean): Promise<BlockStore> {
  const { byteLength, blockLength, readOnly, store } = unit;
  const { path } = store;
  const access = readOnly ? 'readOnly' : 'readWrite';
  try {
    if (store.kind === 'device')
      return await openDeviceStore(disk, { path, byteLength, blockLength, access, direct: store.direct });
    if (create) mkdirSync(dirname(path), { recursive: true });
    return await openFileStore(disk, { path, byteLength, blockLength, create, access });
  } catch (error) {
    if (error instanceof StoreOpenError) throw new UserError(`unit "${unit.name}": ${error.message}`);
    throw error;
  }
}
