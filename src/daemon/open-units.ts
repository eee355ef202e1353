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
import { UserError } from './user-error.ts';

/** Opens the stores of the units that a system owns, in their order. Rejects with UserError, and with none left open. */
export async function openStores(
  disk: Disk,
  system: SystemConfig,
  units: readonly UnitConfig[],
): Promise<BlockStore[]> {
  const made = new MadeStores(system.stateFolder);
  const stores: BlockStore[] = [];
  try {
    for (const unit of units) stores.push(checked(await openStore(disk, unit, made)));
    return stores;
  } catch (error) {
    await Promise.all(stores.map((store) => store.close()));
    if (error instanceof StoreOpenError) {
      throw new UserError(`unit "${units[stores.length]?.name}": ${error.message}`);
    }
    throw error;
  }
}

async function openStore(disk: Disk, unit: UnitConfig, made: MadeStores): Promise<BlockStore> {
  const { byteLength, blockLength, readOnly } = unit;
  const { kind, path } = unit.store;
  const access = readOnly ? 'readOnly' : 'readWrite';
  if (kind === 'device') return openDeviceStore(disk, { path, byteLength, blockLength, access });
  // What was never written has nothing to read: a file that is not there is a mistake.
  const create = !readOnly && !made.has(unit.name, path);
  if (create) mkdirSync(dirname(path), { recursive: true });
  const store = await openFileStore(disk, { path, byteLength, blockLength, create, access });
  if (create) made.add(unit.name, path);
  return store;
}
