import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** The command line’s main file. */
export const entry = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line as its users do. */
export async function crosspath(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, NO_COLOR: '1' } });
  const code = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

/** Calls `use` with the path of a file of this content, in a folder that is gone afterwards. */
export async function withFile(name: string, content: string, use: (file: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), 'crosspath-cli-'));
  try {
    const file = join(folder, name);
    writeFileSync(file, content);
    await use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
