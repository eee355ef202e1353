/** `crosspath keys`: makes the keys with which the systems of a cluster prove to each other who they are. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import type { ClusterConfig } from '../../src/daemon/config/cluster-config.ts';
import { formatKeys, keyFilePath, readKeyFile, SECRET_LENGTH } from '../../src/daemon/key-file.ts';
import { pathError, UserError } from '../../src/daemon/user-error.ts';
import { readConfig } from '../read-config.ts';

type Keys = ReturnType<typeof readKeyFile>;

/** Prints what to copy where. With `rotate`, the newest key of each pair stays valid beside the new one. */
export function makeKeys(file: string, rotate: boolean): number {
  const config = readConfig(file);
  const folder = config.keysFolder;
  if (folder === null)
    throw new UserError(`${file} names no folder for keys: write keys = "keys" under [cluster]`);
  const systems = config.systems.map(({ name }) => name);
  const paths = new Map(systems.map((name) => [name, keyFilePath(folder, name)]));
  const there = [...paths.values()].filter((path) => existsSync(path));
  if (there.length > 0 && !rotate) {
    throw new UserError(`${there[0]} is there already: to renew keys, run crosspath keys ${file} --rotate`);
  }
  const before = new Map(
    [...paths].map(([name, path]): [string, Keys] => [name, there.includes(path) ? readKeyFile(path) : []]),
  );
  const after = renewed(systems, before);
  makeFolder(folder);
  for (const [name, path] of paths) write(path, formatKeys(config.name, name, after.get(name) ?? []));
  process.stdout.write(told(config, paths, there.length > 0));
  return 0;
}

/** For every pair of systems a new key, and the newest of those that both have now. */
function renewed(systems: readonly string[], before: ReadonlyMap<string, Keys>): Map<string, Keys> {
  const after = new Map<string, Keys>(systems.map((name) => [name, []]));
  const give = (to: string, partner: string, key: Omit<Keys[number], 'partner'>) =>
    after.set(to, [...(after.get(to) ?? []), { ...key, partner }]);
  for (const [place, one] of systems.entries()) {
    for (const other of systems.slice(place + 1)) {
      const theirs = new Set(before.get(other)?.flatMap(({ partner, id }) => (partner === one ? id : [])));
      const newest = before.get(one)?.find(({ partner, id }) => partner === other && theirs.has(id));
      const made = { id: randomBytes(8).toString('hex'), secret: randomBytes(SECRET_LENGTH) };
      for (const key of newest === undefined ? [made] : [made, newest]) {
        give(one, other, key);
        give(other, one, key);
      }
    }
  }
  return after;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw pathError('cannot make the folder for keys', folder, error);
  }
}

/** Whole or not at all, and never readable by others. */
function write(path: string, text: string): void {
  const unfinished = `${path}.new`;
  try {
    writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(unfinished, path);
  } catch (error) {
    throw pathError('cannot write the key file', path, error);
  }
}

function told(config: ClusterConfig, paths: ReadonlyMap<string, string>, rotated: boolean): string {
  const copies = [...paths].map(
    ([name, path]) => `  ${path}  to the host of system ${name}, same path, mode 0600, and to no other`,
  );
  const after = rotated
    ? 'In any order, while the systems run: the keys before these stay valid until the next rotation. New links use the new keys.'
    : 'Then start the systems. Keep this folder where the next `crosspath keys --rotate` runs, readable by nobody else.';
  return `Keys of cluster ${config.name}. Copy\n${copies.join('\n')}\n${after}\n`;
}
