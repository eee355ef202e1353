/** Files, loop devices and file systems for tests. Everything made here is undone in the test's `after`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `t.after` and `after` of node:test have in common. */
export type After = (undo: () => void) => void;

export function temporaryFolder(after: After): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspath-test-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function sparseFile(folder: string, name: string, byteLength: number): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  truncateSync(path, byteLength);
  return path;
}

/** A block device whose medium is a file. Gives its path. */
export function loopDevice(after: After, file: string, ...options: string[]): string {
  const device = asRoot('losetup', ['--find', '--show', ...options, file]).trim();
  after(() => asRoot('losetup', ['--detach', device]));
  return device;
}

/** The device's medium has become longer. */
export function noticeGrowth(device: string): void {
  asRoot('losetup', ['--set-capacity', device]);
}

/** A file system in memory with room for `byteLength` bytes. Gives its folder. */
export function smallFileSystem(after: After, byteLength: number): string {
  return mountedInMemory(after, 'tmpfs', '-o', `size=${byteLength}`);
}

/** One in which no hole can be punched, nor in a loop device whose medium is there. Gives its folder. */
export function fileSystemWithoutHoles(after: After): string {
  return mountedInMemory(after, 'ramfs');
}

function mountedInMemory(after: After, type: string, ...options: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'crosspath-test-'));
  asRoot('mount', ['-t', type, ...options, 'crosspath-test', folder]);
  after(() => {
    asRoot('umount', [folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** From now on nothing can be written there. */
export function makeReadOnly(folder: string): void {
  asRoot('mount', ['-o', 'remount,ro', folder]);
}

function asRoot(command: string, args: string[]): string {
  try {
    return execFileSync(command, args, { encoding: 'utf8' });
  } catch (error) {
    throw new Error(`this test needs root and ${command} (util-linux): ${command} ${args.join(' ')} failed`, {
      cause: error,
    });
  }
}
