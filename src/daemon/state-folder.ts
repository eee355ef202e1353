import { closeSync, constants, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { lockExclusively } from '../sys/flock.ts';
import { pathError, UserError } from './user-error.ts';

/**
 * Makes the state folder where there is none, and takes it for this process: two that write the same stores would
 * destroy them. The kernel lets go of the lock however the process ends. Gives the release.
 */
export function takeStateFolder(folder: string): () => void {
  const lock = openLock(folder);
  const result = lockExclusively(lock);
  if (result < 0) {
    closeSync(lock);
    throw new UserError(
      `another process runs with the state folder ${folder}: stop it (its id is in the file "lock" there), or write another folder for this system`,
    );
  }
  ftruncateSync(lock);
  writeSync(lock, `${process.pid}\n`);
  return () => closeSync(lock);
}

function openLock(folder: string): number {
  try {
    mkdirSync(folder, { recursive: true });
    return openSync(join(folder, 'lock'), constants.O_RDWR | constants.O_CREAT, 0o600);
  } catch (error) {
    throw pathError('cannot use the state folder', folder, error);
  }
}
