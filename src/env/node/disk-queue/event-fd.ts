import { type ConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { RingEvents } from './ring-queue.ts';

/** What this file knows of Node's inside: the object by which it waits for a file descriptor of any kind that can be read. */
interface PipeHandle {
  open(fd: number): void;
}

type PipeConstructor = new (type: number) => PipeHandle;

/**
 * What calls back when an eventfd has been written to. Node offers no way to wait for a descriptor that is no file, socket or pipe: `net.Socket`
 * refuses an eventfd by its kind, and takes a handle that has been opened on one. Null where a version of Node hides the handle.
 */
export function eventListener(): ((eventFd: number, call: () => void) => RingEvents) | null {
  const Pipe = pipeConstructor();
  if (Pipe === null) return null;
  return (eventFd, call) => {
    const handle = new Pipe(0);
    handle.open(eventFd);
    // One read empties it: it gives the sum of what was written, 8 bytes. A buffer that was full would be read again, for nothing.
    const onread = {
      buffer: new Uint8Array(16),
      callback: () => {
        call();
        return true;
      },
    };
    const options: SocketConstructorOpts & ConnectOpts & { handle: object } = { handle, onread };
    return new Socket(options);
  };
}

function pipeConstructor(): PipeConstructor | null {
  const binding: unknown = Reflect.get(process, 'binding');
  if (typeof binding !== 'function') return null;
  const pipeWrap: unknown = binding.call(process, 'pipe_wrap');
  const Pipe = typeof pipeWrap === 'object' && pipeWrap !== null ? Reflect.get(pipeWrap, 'Pipe') : null;
  return typeof Pipe === 'function' ? (Pipe as PipeConstructor) : null;
}
