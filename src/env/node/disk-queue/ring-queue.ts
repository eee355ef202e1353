import type { IoUring } from '../../../sys/io-uring.ts';
import type { CallDone, DiskQueue } from './disk-queue.ts';

/** Prepares an operation under that id. False: the ring is full. */
type Prepare = (id: number) => boolean;

interface Operation {
  readonly prepare: Prepare;
  /** Kept from the garbage collector while the kernel uses it. */
  readonly buffer: Uint8Array | null;
  readonly done: CallDone;
}

/** What calls when the ring has results: whether the process has to stay alive for that. */
export interface RingEvents {
  ref(): void;
  unref(): void;
}

/** io_uring: what is asked for in one turn of the loop goes to the kernel together, with one system call. */
export class RingQueue implements DiskQueue {
  readonly #ring: IoUring;
  readonly #events: RingEvents;
  /** Under way, by id. */
  readonly #running: (Operation | null)[];
  /** A stack of the ids that are not in use. */
  readonly #free: number[];
  /** In the order in which they came. */
  readonly #waiting: Operation[] = [];
  #willSubmit = false;

  /** The ring is this object's. `listen`: has `drain` called when the ring has results. */
  constructor(ring: IoUring, listen: (drain: () => void) => RingEvents) {
    this.#ring = ring;
    this.#running = new Array<Operation | null>(ring.capacity).fill(null);
    this.#free = Array.from(this.#running.keys());
    this.#events = listen(() => this.#drain());
    this.#events.unref();
  }

  read(fd: number, buffer: Uint8Array, position: number, readsAhead: boolean, done: CallDone): void {
    this.#begin({ prepare: (id) => this.#ring.read(fd, buffer, position, readsAhead, id), buffer, done });
  }

  write(fd: number, buffer: Uint8Array, position: number, done: CallDone): void {
    this.#begin({ prepare: (id) => this.#ring.write(fd, buffer, position, id), buffer, done });
  }

  flush(fd: number, done: CallDone): void {
    this.#begin({ prepare: (id) => this.#ring.fdatasync(fd, id), buffer: null, done });
  }

  allocate(fd: number, mode: number, position: number, length: number, done: CallDone): void {
    const prepare: Prepare = (id) => this.#ring.fallocate(fd, mode, position, length, id);
    this.#begin({ prepare, buffer: null, done });
  }

  #begin(operation: Operation): void {
    if (this.#waiting.length > 0 || !this.#prepare(operation)) this.#waiting.push(operation);
    this.#submitLater();
  }

  #prepare(operation: Operation): boolean {
    const id = this.#free.at(-1);
    if (id === undefined || !operation.prepare(id)) return false;
    if (this.#free.length === this.#running.length) this.#events.ref();
    this.#free.pop();
    this.#running[id] = operation;
    return true;
  }

  #submitLater(): void {
    if (this.#willSubmit) return;
    this.#willSubmit = true;
    setImmediate(() => {
      this.#willSubmit = false;
      // A kernel that has no memory for more just now is asked again in the next turn.
      if (this.#ring.submit() < 0) this.#submitLater();
      this.#drain();
    });
  }

  #drain(): void {
    this.#ring.drain(this.#ended);
    while (this.#waiting[0] !== undefined && this.#prepare(this.#waiting[0])) this.#waiting.shift();
    if (this.#ring.prepared > 0) this.#submitLater();
  }

  readonly #ended = (id: number, result: number): void => {
    const operation = this.#running[id] ?? null;
    if (operation === null) throw new Error(`the ring ends ${id}, which is not under way`);
    this.#running[id] = null;
    this.#free.push(id);
    if (this.#free.length === this.#running.length) this.#events.unref();
    operation.done(result);
  };
}
