import { constants } from 'node:fs';
import { type FileHandle, link, open, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FallocateMode } from '../../sys/fallocate.ts';
import { lockExclusively } from '../../sys/flock.ts';
import { deviceBlockLength, deviceByteLength, deviceIsReadOnly } from '../../sys/ioctl.ts';
import { errnoName } from '../../sys/libc.ts';
import type { Clock } from '../clock.ts';
import type { Access, Disk, DiskFile } from '../disk.ts';
import { type DiskFileTraits, NodeDiskFile } from './disk-file.ts';
import { AlignedQueue } from './disk-queue/aligned-queue.ts';
import type { DiskQueue } from './disk-queue/disk-queue.ts';
import { errorCode, errorWithCode } from './error-code.ts';

const flagsOf: Readonly<Record<Access, number>> = {
  readWrite: constants.O_RDWR,
  readOnly: constants.O_RDONLY,
};

export class NodeDisk implements Disk {
  readonly #queue: DiskQueue;
  readonly #clock: Clock;

  /** `queue`: of all its files. */
  constructor(clock: Clock, queue: DiskQueue) {
    this.#queue = queue;
    this.#clock = clock;
  }

  /** Besides the errors of open(2): 'EINVAL', not a regular file; 'EAGAIN', open in another process. */
  openFile(path: string, access: Access = 'readWrite'): Promise<DiskFile> {
    return this.#open(path, flagsOf[access], async (handle) => {
      const traits = await fileTraits(handle, path, access, this.#queue);
      return new NodeDiskFile(handle, traits, this.#queue, this.#clock);
    });
  }

  /** Besides the errors of open(2): 'ENOTBLK', not a block device; 'EBUSY', mounted or in use; 'EROFS', for writing. */
  openDevice(path: string, access: Access = 'readWrite', direct = false): Promise<DiskFile> {
    const flags = flagsOf[access] | constants.O_EXCL | (direct ? constants.O_DIRECT : 0);
    return this.#open(path, flags, async (handle) => {
      const { memoryAlignment, ...traits } = await deviceTraits(handle, path, access, direct);
      const queue = direct ? new AlignedQueue(this.#queue, memoryAlignment) : this.#queue;
      return new NodeDiskFile(handle, traits, queue, this.#clock);
    });
  }

  async #open(
    path: string,
    flags: number,
    make: (handle: FileHandle) => Promise<DiskFile>,
  ): Promise<DiskFile> {
    const handle = await open(path, flags | constants.O_NONBLOCK);
    try {
      return await make(handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** The file gets its name only when it is whole: a crash half-way leaves none, rather than a short one. */
  async createFile(path: string, byteLength: number): Promise<boolean> {
    const unnamed = `${path}.creating`;
    const handle = await open(unnamed, 'w', 0o600);
    try {
      await handle.truncate(byteLength);
      await handle.sync();
      await link(unnamed, path);
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await handle.close();
      await unlink(unnamed);
    }
    await syncFolder(dirname(path));
    return true;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function fileTraits(
  handle: FileHandle,
  path: string,
  access: Access,
  queue: DiskQueue,
): Promise<DiskFileTraits> {
  const stat = await handle.stat();
  if (!stat.isFile()) throw errorWithCode('EINVAL', `not a regular file: ${path}`);
  if (lockExclusively(handle.fd) < 0) throw errorWithCode('EAGAIN', `open in another process: ${path}`);
  // Where nothing can be written nothing can be asked; the holes that are there read as zeroes all the same.
  const discardZeroes = access === 'readOnly' || (await canPunchHoles(queue, handle, stat.size));
  return { byteLength: stat.size, blockLength: 1, discardZeroes, direct: false };
}

/** Asked of a range behind the end of the file, where a hole changes nothing. */
function canPunchHoles(queue: DiskQueue, handle: FileHandle, byteLength: number): Promise<boolean> {
  return new Promise((resolve) => {
    queue.allocate(handle.fd, FallocateMode.punchHole, byteLength, 4096, (result) => resolve(result >= 0));
  });
}

interface DeviceTraits extends DiskFileTraits {
  /** What the addresses of memory must be a multiple of where it is read and written directly. */
  readonly memoryAlignment: number;
}

async function deviceTraits(
  handle: FileHandle,
  path: string,
  access: Access,
  direct: boolean,
): Promise<DeviceTraits> {
  const stat = await handle.stat();
  if (!stat.isBlockDevice()) throw errorWithCode('ENOTBLK', `not a block device: ${path}`);
  const byteLength = deviceByteLength(handle.fd);
  const blockLength = deviceBlockLength(handle.fd);
  const readOnly = deviceIsReadOnly(handle.fd);
  for (const result of [byteLength, blockLength, readOnly])
    if (result < 0) throw errorWithCode(errnoName(result), `cannot ask for the size of ${path}`);
  // Linux opens it for writing all the same, and fails the writes.
  if (readOnly !== 0 && access === 'readWrite') throw errorWithCode('EROFS', `a read-only device: ${path}`);
  const folder = deviceFolder(stat.rdev);
  // Linux tells it since 6.0, as a mask; before, it asks for whole blocks in memory too.
  const mask = await queueLimit(folder, 'dma_alignment');
  const memoryAlignment = mask === 0 ? blockLength : mask + 1;
  return { byteLength, blockLength, discardZeroes: await deviceUnmaps(folder), direct, memoryAlignment };
}

/** `device`: major and minor number, as makedev(3) packs them. */
function deviceFolder(device: number): string {
  const major = (device >>> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  return `/sys/dev/block/${major}:${minor}`;
}

/** Whether the device frees space when it is told to write zeroes: then the kernel's command for a punched hole does both. */
async function deviceUnmaps(folder: string): Promise<boolean> {
  for (const name of ['discard_max_bytes', 'write_zeroes_max_bytes'])
    if ((await queueLimit(folder, name)) === 0) return false;
  return true;
}

/** A limit of the device's request queue; a partition has its disk's. 0 where the kernel does not say. */
async function queueLimit(folder: string, name: string): Promise<number> {
  for (const queue of ['queue', '../queue']) {
    try {
      return Number(await readFile(`${folder}/${queue}/${name}`, 'utf8'));
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
    }
  }
  return 0;
}
