/**
 * Something that the user has to put right (a port in use, a store that is missing). The message is one line that
 * names the thing, says what is wrong with it, and says what to do. Everything else that is thrown is a bug.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
}

const listenAdvice: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'another process listens there: stop it, or write another port in the configuration'],
  ['EADDRNOTAVAIL', 'this machine has no such address: write one of its own'],
  ['EACCES', 'not permitted: write a port from 1024 on (or a path in a folder of yours), or run as root'],
]);

/** `what`: e.g. 'port "alpha-local"'; `address` as the configuration has it. */
export function listenError(what: string, address: string, error: unknown): UserError {
  const code = errnoOf(error);
  return new UserError(
    `${what} cannot listen on ${address}: ${listenAdvice.get(code) ?? messageOf(error)} (${code})`,
  );
}

const pathAdvice: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'it does not exist: make it, or correct the path in the configuration'],
  ['EACCES', 'not permitted: give this user the right to read and write it'],
  ['EPERM', 'not permitted: give this user the right to read and write it'],
  ['EROFS', 'its file system is mounted read-only'],
  ['ENOSPC', 'its file system is full'],
  ['ENOTDIR', 'a part of the path is not a folder'],
  ['EISDIR', 'it is a folder'],
  ['ENOTBLK', 'it is not a block device'],
  ['EBUSY', 'something else uses it: unmount it, or stop what holds it'],
]);

/** `what`: e.g. 'unit "vol-a": cannot open its store'. */
export function pathError(what: string, path: string, error: unknown): UserError {
  const code = errnoOf(error);
  return new UserError(`${what} ${path}: ${pathAdvice.get(code) ?? messageOf(error)} (${code})`);
}

/** The `code` of a system error: 'EACCES', ...; 'unknown' where there is none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
