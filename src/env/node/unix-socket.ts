import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { errorCode, errorWithCode } from './error-code.ts';

/** sun_path of sockaddr_un (unix(7)) without its terminating zero. Node cuts longer ones off without a word. */
const MAX_PATH_BYTES = 107;

/** Throws an Error with code 'ENAMETOOLONG'. */
export function checkUnixPath(path: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw errorWithCode('ENAMETOOLONG', `a Unix socket's path has at most ${MAX_PATH_BYTES} bytes: ${path}`);
}

/**
 * A process that was killed leaves its socket file behind, and nobody could listen there again. Removes the
 * file if it is a socket on which nobody answers; leaves everything else for listen(2) to refuse.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  if ((await isSocket(path)) && (await refusesConnections(path))) await unlink(path);
}

async function isSocket(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSocket();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function refusesConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', (error) => resolve(errorCode(error) === 'ECONNREFUSED'));
  });
}
