import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Receiver } from './receiver.ts';

/** Node's option for receiving into buffers of ours rather than into one made for every read. */
export function onread(receiver: Receiver) {
  return {
    buffer: () => receiver.nextBuffer(),
    // False: nothing more is read until the socket is resumed.
    callback: (length: number) => receiver.received(length),
  };
}

/** What this file knows of a socket's inside: the object that wraps the file descriptor. */
interface HandleOwner {
  _handle: object | null;
}

function ownsHandle(socket: object): socket is HandleOwner {
  return '_handle' in socket && typeof socket._handle === 'object';
}

/**
 * Node takes `onread` only where it makes the socket itself: net.connect has the option, net.Server and TLS have not. So
 * the handle of an accepted socket (of a server with pauseOnConnect: nothing has been read), or of a TLS socket that has just become
 * secure, moves to a second socket made with the option, and the first is forgotten. A net.Server counts the first as open for ever: its
 * 'close' event never comes. A TLS server counts the socket below it, which closes with the handle.
 *
 * Where a version of Node hides the handle, the bytes come by 'data' events, a copy dearer.
 */
export function receiveInPlace(socket: Socket, receiver: Receiver): Socket {
  const owner: object = socket;
  if (!ownsHandle(owner) || owner._handle === null || !('useUserBuffer' in owner._handle)) {
    socket.on('data', (bytes) => receiver.receivedCopy(bytes));
    return socket;
  }
  const options: SocketConstructorOpts & ConnectOpts & { handle: object } = {
    handle: owner._handle,
    onread: onread(receiver),
  };
  owner._handle = null;
  return new Socket(options);
}
