/** The temporary folder of a run, and the files behind its units: all copies of one. */
import { randomFillSync } from 'node:crypto';
import { rmSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { UNIT_BYTES } from './workloads.ts';

const CHUNK_BYTES = 8 << 20;

export class Workspace {
  readonly folder: string;
  #original: string | null = null;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Workspace> {
    return new Workspace(await mkdtemp(path.join(os.tmpdir(), 'crosspath-bench-')));
  }

  async subfolder(name: string): Promise<string> {
    const folder = path.join(this.folder, name);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Makes a unit's file, without holes, on disk and in the page cache. */
  async unitFile(name: string): Promise<string> {
    const file = path.join(this.folder, name);
    if (this.#original === null) {
      await fillWithNoise(file);
      this.#original = file;
    } else {
      await copyFile(this.#original, file);
    }
    await settle(file);
    return file;
  }

  /** Makes a unit's file that is one hole. */
  async sparseFile(name: string, bytes: number): Promise<string> {
    const file = path.join(this.folder, name);
    const handle = await open(file, 'wx');
    await handle.truncate(bytes);
    await handle.close();
    return file;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** For the very end of this process, when nothing can be waited for. */
  removeNow(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Writes back what is dirty of a file, so that the kernel does not do it during the next measurement. */
export async function settle(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.datasync();
  await handle.close();
}

/**
 * Reads a file, or its first bytes, so that they are in the page cache: some machines take cached pages back while there is
 * memory enough, and a path whose file has lost more of them than another's would look slower than it is.
 */
export async function warm(file: string, bytes = UNIT_BYTES): Promise<void> {
  const chunk = new Uint8Array(Math.min(CHUNK_BYTES, bytes));
  const handle = await open(file, 'r');
  for (let at = 0; at < bytes; at += chunk.length) await handle.read(chunk, 0, chunk.length, at);
  await handle.close();
}

async function fillWithNoise(file: string): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  const handle = await open(file, 'wx');
  for (let at = 0; at < UNIT_BYTES; at += CHUNK_BYTES) {
    randomFillSync(chunk);
    await handle.write(chunk);
  }
  await handle.close();
}
