import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Receiver } from './receiver.ts';

/** Node's option for receiving into buffers of ours rather than into one made for every read. */
export function onread(receiver: Receiver) {
  return {
    buffer: () => receiver.nextBuffer(),
    callback: (length: number) => {
      receiver.received(length);
      return true;
    },
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
 * Node takes `onread` only where it makes the socket itself: net.connect has the option, net.Server has not. So
 * the handle of an accepted socket (of a server with pauseOnConnect: nothing has been read) moves to a second
 * socket made with the option, and the first is forgotten. The server counts the first as open for ever: its
 * 'close' event never comes.
 *
 * Where a version of Node hides the handle, the bytes come by 'data' events, a copy dearer.
 */
export function receiveInPlace(accepted: Socket, receiver: Receiver): Socket {
  const owner: object = accepted;
  if (!ownsHandle(owner) || owner._handle === null || !('useUserBuffer' in owner._handle)) {
    accepted.on('data', (bytes) => receiver.receivedCopy(bytes));
    return accepted;
  }
  const options: SocketConstructorOpts & ConnectOpts & { handle: object } = {
    handle: owner._handle,
    onread: onread(receiver),
  };
  owner._handle = null;
  return new Socket(options);
}
