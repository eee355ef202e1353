import type { Errno } from '../disk.ts';

/** The errno name of an error that Node threw. An error without one is a bug, and is thrown again. */
export function errorCode(error: unknown): Errno {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  throw error;
}

export function errorWithCode(code: Errno, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code });
}
