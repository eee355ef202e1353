import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { settle, type Workspace } from '../../workspace.ts';

export const FILE_BYTES = 16 << 20;

/** Without holes, on disk, and just now in the page cache. Gives its path. */
export async function smallFile(workspace: Workspace): Promise<string> {
  const file = path.join(workspace.folder, 'micro');
  await writeFile(file, new Uint8Array(FILE_BYTES).fill(0xa5));
  await settle(file);
  return file;
}

/** Where the i-th piece of that length begins: one behind the other, and from the beginning again. */
export function placeOf(i: number, length: number): number {
  return (i * length) % FILE_BYTES;
}
