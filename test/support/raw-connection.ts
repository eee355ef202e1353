import net from 'node:net';
import type { Place } from './relay.ts';

const PATIENCE_MILLISECONDS = 30_000;

/** Sends bytes on a connection of its own, and no more. Gives what came back until the other side closed. */
export function converse(place: Place, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = net.connect({ ...place, allowHalfOpen: true });
    socket.setTimeout(PATIENCE_MILLISECONDS, () =>
      socket.destroy(new Error(`the other side neither answered nor closed in ${PATIENCE_MILLISECONDS} ms`)),
    );
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('end', () => socket.end());
    socket.on('error', (error) => {
      // A reset is a way to close.
      if ('code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')) return;
      reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks)));
    socket.write(bytes);
  });
}
