import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Downloads Debian packages and everything that they depend on, as if nothing were installed, into a folder of
 * their own. Neither root nor a change to the machine is needed, only apt's package lists.
 * Gives the paths of the .deb files.
 */
export async function downloadPackages(names: readonly string[], folder: string): Promise<string[]> {
  await mkdir(path.join(folder, 'partial'), { recursive: true });
  const nothingInstalled = path.join(folder, 'status');
  await writeFile(nothingInstalled, '');
  const options = [
    `Dir::State::status=${nothingInstalled}`,
    `Dir::Cache::archives=${folder}`,
    'Debug::NoLocking=1',
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=',
  ].flatMap((option) => ['-o', option]);
  const download = () =>
    run('apt-get', [...options, '--yes', '--download-only', 'install', ...names], { maxBuffer: 16 << 20 });
  try {
    // A machine that has just been set up has no lists, and one that stands for long has old ones.
    await download().catch(() => run('apt-get', ['update', '-q'], { maxBuffer: 16 << 20 }).then(download));
  } catch (error) {
    throw new Error('the packages of the Linux guest cannot be downloaded; run: sudo apt-get update', {
      cause: error,
    });
  }
  const files = await readdir(folder);
  return files.filter((file) => file.endsWith('.deb')).map((file) => path.join(folder, file));
}

/** Unpacks `files` over each other into `root`, without what `exclude` (tar patterns) names. */
export async function unpackPackages(
  files: readonly string[],
  root: string,
  exclude: readonly string[],
): Promise<void> {
  await mkdir(root, { recursive: true });
  const tar = [
    '-x',
    '-C',
    root,
    '--keep-directory-symlink',
    ...exclude.map((pattern) => `--exclude=${pattern}`),
  ];
  for (const file of files) {
    await run('/bin/bash', [
      '-c',
      'set -o pipefail; deb=$1; shift; dpkg-deb --fsys-tarfile "$deb" | tar "$@"',
      'unpack',
      file,
      ...tar,
    ]);
  }
}
