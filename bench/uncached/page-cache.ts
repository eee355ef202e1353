/** What of a file is in the page cache, and how to get it out of there. */
import { open } from 'node:fs/promises';
import type { KoffiFunc } from 'koffi';
import { libc, orErrno } from '../../src/sys/libc.ts';

type Fadvise = (fd: number, offset: number, length: number, advice: number) => number;
type Mmap = (
  at: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => bigint | null;
type Munmap = (at: bigint | null, length: number) => number;
type Mincore = (at: bigint | null, length: number, vector: Uint8Array) => number;

const fadvise = libc.func('posix_fadvise', 'int', ['int', 'long', 'long', 'int']) as KoffiFunc<Fadvise>;
const mmap = libc.func('mmap', 'void *', [
  ...['void *', 'size_t', 'int', 'int', 'int', 'long'],
]) as KoffiFunc<Mmap>;
const munmap = libc.func('munmap', 'int', ['void *', 'size_t']) as KoffiFunc<Munmap>;
const mincore = libc.func('mincore', 'int', ['void *', 'size_t', 'void *']) as KoffiFunc<Mincore>;

const POSIX_FADV_DONTNEED = 4;
const PROT_READ = 1;
const MAP_SHARED = 1;
const PAGE_BYTES = 4096;

/** Drops a file's pages, after what is dirty of them has been written back. */
export async function dropCached(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.datasync();
  const error = fadvise(handle.fd, 0, 0, POSIX_FADV_DONTNEED);
  await handle.close();
  if (error !== 0) throw new Error(`posix_fadvise(${file}): error ${error}`);
}

/** Share of a file's pages that are in the page cache, 0 to 1 (mincore(2)). */
export async function cachedShare(file: string): Promise<number> {
  const handle = await open(file, 'r');
  const { size } = await handle.stat();
  const address = mmap(null, size, PROT_READ, MAP_SHARED, handle.fd, 0);
  await handle.close();
  const pages = new Uint8Array(Math.ceil(size / PAGE_BYTES));
  const result = orErrno(mincore(address, size, pages));
  munmap(address, size);
  if (result < 0) throw new Error(`mincore(${file}): error ${result}`);
  return pages.reduce((sum, page) => sum + (page & 1), 0) / pages.length;
}
