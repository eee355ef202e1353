import type { Errno } from '../env/disk.ts';

/** A store can't be used as the configuration says. The message says what is wrong and what to do about it. */
export class StoreOpenError extends Error {
  override readonly name = 'StoreOpenError';
}

/** What `Disk` refused `path` with, in the words of `reasons` where it has some for the errno. */
export function openingRefused(
  path: string,
  error: unknown,
  reasons: ReadonlyMap<Errno, string>,
): StoreOpenError {
  // Whatever is not an error of the system is a bug of ours.
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error;
  return new StoreOpenError(`${path}: ${reasons.get(error.code) ?? error.message}`, { cause: error });
}
