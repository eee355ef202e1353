import type { Access, Disk, DiskFile } from '../../env/disk.ts';
import type { BlockStore } from '../block-store.ts';
import { DiskStore } from '../disk/disk-store.ts';
import { openingRefused, StoreOpenError } from '../store-open-error.ts';

export interface DeviceStoreOptions {
  readonly path: string;
  /** May be less than the device has: volume managers round up. */
  readonly byteLength: number;
  readonly blockLength: number;
  readonly access?: Access;
  /** Past the page cache. */
  readonly direct?: boolean;
}

/** Rejects with StoreOpenError. */
export async function openDeviceStore(disk: Disk, options: DeviceStoreOptions): Promise<BlockStore> {
  const device = await open(disk, options);
  const wrong = mismatch(device, options);
  if (wrong === null) return new DiskStore(device, options.byteLength, options.blockLength);
  await device.close();
  throw new StoreOpenError(`${options.path}: ${wrong}`);
}

async function open(disk: Disk, { path, access, direct }: DeviceStoreOptions): Promise<DiskFile> {
  try {
    return await disk.openDevice(path, access, direct);
  } catch (error) {
    throw openingRefused(path, error, reasons);
  }
}

const reasons = new Map([
  ['ENOENT', 'no such device. Attach it, or correct the path'],
  ['ENXIO', 'the device is not there. Attach it, or correct the path'],
  ['ENOTBLK', 'not a block device. Name one, or use store = { file = ... } for a file'],
  ['EISDIR', 'is a folder. Name a block device'],
  ['EACCES', 'no permission to read and write it. Run as a user who may (often of the group "disk")'],
  ['EPERM', 'no permission to read and write it. Run as a user who may (often of the group "disk")'],
  ['EROFS', 'the device is read-only. Make it writable, name another one, or make the unit read_only'],
  [
    'EBUSY',
    'the device is in use (mounted, or part of a volume group or RAID). Free it, or name another one',
  ],
]);

function mismatch(device: DiskFile, { byteLength, blockLength }: DeviceStoreOptions): string | null {
  if (blockLength % device.blockLength !== 0)
    return `the device has blocks of ${device.blockLength} bytes, and the unit's are ${blockLength}. Use a multiple of the device's`;
  if (byteLength % blockLength !== 0)
    return `a size of ${byteLength} bytes is not a multiple of the block size ${blockLength}`;
  if (byteLength > device.byteLength)
    return `the device has ${device.byteLength} bytes, but the size is configured as ${byteLength}. Correct the size, or use a larger device`;
  return null;
}
