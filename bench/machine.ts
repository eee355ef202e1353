/** What a result depends on, and nothing that names the machine. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';

export interface Machine {
  readonly cpu: string;
  readonly cpus: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  /** Debian packages of the initiators and of tgt, with their versions. */
  readonly packages: Readonly<Record<string, string>>;
}

const PACKAGES = ['libiscsi-bin', 'qemu-utils', 'tgt'];

export function describeMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model ?? 'unknown',
    cpus: cpus.length,
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    // The version alone: what follows is the maker's.
    kernel: os.release().match(/^[\d.]+/)?.[0] ?? 'unknown',
    node: process.version,
    packages: packageVersions(),
  };
}

export function sourceRevision(): string | null {
  const folder = path.resolve(import.meta.dirname, '..', '..');
  const git = (...args: string[]) => output('git', ['-C', folder, ...args]);
  const revision = git('rev-parse', '--short', 'HEAD');
  if (revision === null) return null;
  return git('status', '--porcelain', '--', 'src', 'cli') === '' ? revision : `${revision}+`;
}

function packageVersions(): Record<string, string> {
  const versions: Record<string, string> = {};
  for (const line of (output('dpkg-query', ['-W', ...PACKAGES]) ?? '').split('\n')) {
    const [name, version] = line.split('\t');
    if (name !== undefined && version !== undefined) versions[name] = version;
  }
  return versions;
}

/** Null where there is no such program, or it fails. */
function output(command: string, args: readonly string[]): string | null {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}
