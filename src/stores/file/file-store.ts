import type { Access, Disk, DiskFile } from '../../env/disk.ts';
import type { BlockStore } from '../block-store.ts';
import { DiskStore } from '../disk/disk-store.ts';
import { openingRefused, StoreOpenError } from '../store-open-error.ts';

export interface FileStoreOptions {
  readonly path: string;
  readonly byteLength: number;
  readonly blockLength: number;
  /**
   * Make the file, sparse, if there is none. Only for a unit that never had one: an empty file in the place of
   * one that was lost would be silent loss of data.
   */
  readonly create: boolean;
  readonly access?: Access;
}

/** Rejects with StoreOpenError. */
export async function openFileStore(disk: Disk, options: FileStoreOptions): Promise<BlockStore> {
  const { path, byteLength, blockLength } = options;
  if (byteLength % blockLength !== 0)
    throw new StoreOpenError(
      `${path}: a size of ${byteLength} bytes is not a multiple of the block size ${blockLength}`,
    );
  const file = await openOrCreate(disk, options);
  const wrong = wrongLength(file.byteLength, byteLength);
  if (wrong === null) return new DiskStore(file, byteLength, blockLength);
  await file.close();
  throw new StoreOpenError(`${path}: ${wrong}`);
}

async function openOrCreate(disk: Disk, options: FileStoreOptions): Promise<DiskFile> {
  try {
    if (options.create) await disk.createFile(options.path, options.byteLength);
    return await disk.openFile(options.path, options.access);
  } catch (error) {
    throw openingRefused(options.path, error, reasons);
  }
}

const reasons = new Map([
  ['ENOENT', 'no such file. It was there before, or its folder is missing: put it back, or correct the path'],
  ['ENOTDIR', 'a part of the path is not a folder. Correct the path'],
  ['EISDIR', 'is a folder. Name a file in it'],
  ['EINVAL', 'not a regular file. Name a file, or use store = { device = ... } for a block device'],
  ['EACCES', 'no permission to read and write it. Change its owner or mode, or run as a user who may'],
  ['EPERM', 'may not be written (immutable or append-only?). Allow writing, or name another file'],
  [
    'EROFS',
    'its file system is mounted read-only. Mount it for writing, name another file, or make the unit read_only',
  ],
  ['EAGAIN', 'another process has it open as a store. Stop that process, or name another file'],
  ['ENOSPC', 'no space left on its file system. Free some, or name a file elsewhere'],
  [
    'EFBIG',
    'its file system does not allow files of this size. Make the unit smaller, or name a file elsewhere',
  ],
]);

/** Why a file of `actual` bytes can't serve as one of `configured` bytes. */
function wrongLength(actual: number, configured: number): string | null {
  if (actual === configured) return null;
  const sizes = `it has ${actual} bytes, but its size is configured as ${configured}`;
  return actual < configured
    ? `${sizes}. It was cut short, or the size was raised: restore it, correct the size, or grow it with "truncate -s ${configured}"`
    : `${sizes}: the rest would be out of reach. Correct the size, or shorten the file if the rest is not needed`;
}
