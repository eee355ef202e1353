import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, copyFile, cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '../support/repository.ts';
import { downloadPackages, unpackPackages } from './packages.ts';

const run = promisify(execFile);
const HERE = path.join(REPOSITORY, 'test', 'linux');

/** What the guest boots from. */
export interface GuestImage {
  readonly kernel: string;
  readonly initrd: string;
}

const PACKAGES = [
  'linux-image-amd64',
  'open-iscsi',
  'multipath-tools',
  'udev',
  'kmod',
  'e2fsprogs',
  'sg3-utils',
  'fio',
  'iproute2',
  'mount',
  'procps',
  'bash',
  'coreutils',
  'sed',
  'grep',
  'gawk',
  'diffutils',
  'cpio',
];

/** Modules that the guest loads; those that they need are found in the modules themselves. */
const MODULES = [
  'e1000',
  'qemu_fw_cfg',
  'iscsi_tcp',
  'sd_mod',
  'sg',
  'dm_multipath',
  'dm_service_time',
  'scsi_dh_alua',
  'ext4',
  'crc32c_generic',
  'libcrc32c',
];

const NOT_NEEDED = [
  './usr/share/doc/*',
  './usr/share/man/*',
  './usr/share/locale/*',
  './usr/share/zoneinfo/*',
  './usr/share/perl/*',
  './usr/share/python3/*',
  './usr/lib/x86_64-linux-gnu/perl/*',
  './usr/lib/x86_64-linux-gnu/gconv/*',
  './usr/lib/python3*/*',
  './usr/bin/python3*',
  './usr/bin/perl*',
  './lib/udev/hwdb.d/*',
];

/**
 * Debian's kernel and an initramfs with open-iscsi, multipath-tools and their libraries, made once and kept under
 * var/. The initramfs runs test/linux/guest-init.sh, which runs the script that QEMU passes in: another
 * scenario needs no other image.
 */
export async function guestImage(): Promise<GuestImage> {
  const folder = path.join(REPOSITORY, 'var', 'linux-guest', await recipe());
  const image = { kernel: path.join(folder, 'vmlinuz'), initrd: path.join(folder, 'initrd.cpio') };
  if (!(await exists(image.initrd))) await makeImage(folder, image);
  return image;
}

/** A digest of what goes into the image, so that another recipe makes another image. */
async function recipe(): Promise<string> {
  const hash = createHash('sha256').update([...PACKAGES, ...MODULES, ...NOT_NEEDED].join());
  hash.update(await readFile(path.join(HERE, 'guest-init.sh')));
  for (const entry of await readdir(path.join(HERE, 'guest-etc'), { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) hash.update(await readFile(path.join(entry.parentPath, entry.name)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function makeImage(folder: string, image: GuestImage): Promise<void> {
  const root = path.join(folder, 'root');
  const kernelRoot = path.join(folder, 'kernel');
  await rm(root, { recursive: true, force: true });
  await rm(kernelRoot, { recursive: true, force: true });
  const files = await downloadPackages(PACKAGES, path.join(folder, 'packages'));
  const isKernel = (file: string) => path.basename(file).startsWith('linux-image-');
  await unpackPackages(
    files.filter((file) => !isKernel(file)),
    root,
    NOT_NEEDED,
  );
  await unpackPackages(
    files.filter((file) => isKernel(file) && !path.basename(file).startsWith('linux-image-amd64')),
    kernelRoot,
    [],
  );
  await copyModules(kernelRoot, root);
  await addConfiguration(root);
  await copyFile(await kernelImage(kernelRoot), image.kernel);
  await pack(root, image.initrd);
  await rm(kernelRoot, { recursive: true });
  await rm(root, { recursive: true });
}

async function kernelImage(kernelRoot: string): Promise<string> {
  const boot = path.join(kernelRoot, 'boot');
  const name = (await readdir(boot)).find((file) => file.startsWith('vmlinuz-'));
  if (name === undefined) throw new Error(`no vmlinuz in ${boot}`);
  return path.join(boot, name);
}

async function copyModules(kernelRoot: string, root: string): Promise<void> {
  const modules = path.join(kernelRoot, 'lib', 'modules');
  const all = new Map<string, string>();
  for (const entry of await readdir(modules, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.ko')) continue;
    all.set(moduleName(entry.name), path.join(entry.parentPath, entry.name));
  }
  const wanted = new Set(MODULES);
  for (const name of wanted) {
    const file = all.get(name);
    // Built into the kernel.
    if (file === undefined) continue;
    for (const dependency of dependencies(await readFile(file, 'latin1'))) wanted.add(dependency);
    const copy = path.join(root, 'lib', 'modules', path.relative(modules, file));
    await mkdir(path.dirname(copy), { recursive: true });
    await copyFile(file, copy);
  }
  for (const version of await readdir(modules)) {
    for (const list of ['modules.builtin', 'modules.order', 'modules.builtin.modinfo']) {
      await copyFile(path.join(modules, version, list), path.join(root, 'lib', 'modules', version, list));
    }
  }
}

/** The `depends=` string of the .modinfo section. */
function dependencies(module: string): string[] {
  const start = module.indexOf('\0depends=');
  if (start < 0) return [];
  const from = start + '\0depends='.length;
  const names = module.slice(from, module.indexOf('\0', from));
  return names
    .split(',')
    .filter((name) => name !== '')
    .map(moduleName);
}

function moduleName(file: string): string {
  return path.basename(file, '.ko').replaceAll('-', '_');
}

async function addConfiguration(root: string): Promise<void> {
  await cp(path.join(HERE, 'guest-etc'), path.join(root, 'etc'), { recursive: true });
  await copyFile(path.join(HERE, 'guest-init.sh'), path.join(root, 'init'));
  await run('chmod', ['755', path.join(root, 'init')]);
}

async function pack(root: string, initrd: string): Promise<void> {
  const unfinished = `${initrd}.unfinished`;
  await writeFile(unfinished, '');
  await run(
    '/bin/bash',
    ['-c', 'set -o pipefail; find . | ./bin/cpio --quiet -o -H newc -R 0:0 > "$1"', 'pack', unfinished],
    { cwd: root, maxBuffer: 16 << 20 },
  );
  await rename(unfinished, initrd);
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
