/**
 * io_uring(7): reads, writes and flushes that the kernel carries out beside this thread. Two queues of memory that both sides see: what
 * is asked for goes into the first, one io_uring_enter(2) takes any number of it, and what is done is read from the second.
 */
import { closeSync } from 'node:fs';
import koffi, { type KoffiFunc } from 'koffi';
import { libc, orErrno } from './libc.ts';

type Pointer = bigint;
type Setup = (call: number, entries: number, parameters: Uint8Array) => number;
type Enter = (
  call: number,
  fd: number,
  submitted: number,
  wanted: number,
  flags: number,
  signals: null,
  size: number,
) => number;
type Register = (call: number, fd: number, what: number, argument: Uint8Array, count: number) => number;
type Mmap = (
  at: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => Pointer;
type Munmap = (at: Pointer, length: number) => number;
type Eventfd = (value: number, flags: number) => number;

const setup = libc.func('syscall', 'long', ['long', 'uint', 'void *']) as KoffiFunc<Setup>;
const enter = libc.func('syscall', 'long', [
  ...['long', 'int', 'uint', 'uint', 'uint'],
  ...['void *', 'size_t'],
]) as KoffiFunc<Enter>;
const register = libc.func('syscall', 'long', [
  'long',
  'int',
  'uint',
  'void *',
  'uint',
]) as KoffiFunc<Register>;
const mmap = libc.func('mmap', 'void *', [
  'void *',
  'size_t',
  'int',
  'int',
  'int',
  'long',
]) as KoffiFunc<Mmap>;
const munmap = libc.func('munmap', 'int', ['void *', 'size_t']) as KoffiFunc<Munmap>;
const eventfd = libc.func('eventfd', 'int', ['uint', 'int']) as KoffiFunc<Eventfd>;

/** The same on every architecture. */
const Call = { setup: 425, enter: 426, register: 427 } as const;

const Offset = { rings: 0, entries: 0x10000000 } as const;
const PROT_READ_WRITE = 3;
const MAP_SHARED_POPULATE = 0x8001;
const EFD_CLOEXEC_NONBLOCK = 0x80800;
const FEATURES = 0x3;
const REGISTER_EVENTFD = 4;
const EVENTFD_DISABLED = 1;

/** struct io_uring_params, with the places of the queues' fields in the shared memory. */
const PARAMETERS_LENGTH = 120;
const Parameter = {
  submissions: 0,
  completions: 4,
  features: 20,
  submissionFields: 40,
  completionFields: 80,
} as const;
const Field = { head: 0, tail: 4, mask: 8 } as const;
const SUBMISSION_ARRAY = 24;
const COMPLETION_ARRAY = 20;
const COMPLETION_FLAGS = 24;
const ENTRY_LENGTH = 64;
const COMPLETION_LENGTH = 16;

/** Operations, by the numbers of io_uring_enter(2). Linux 5.6 has all of them. */
const Operation = { fsync: 3, fallocate: 17, read: 22, write: 23 } as const;
const FSYNC_DATASYNC = 1;
/** IOSQE_ASYNC, one of the flags in the byte behind the operation. */
const ASYNC = 1 << 12;

export class IoUring {
  /** Becomes readable when something is done outside of `submit`. */
  readonly eventFd: number;
  /** Operations that may be under way at a time: as many as there are places for their results. */
  readonly capacity: number;
  readonly #fd: number;
  readonly #submissions: number;
  readonly #maps: readonly { readonly at: Pointer; readonly length: number }[];
  /** The shared memory of both queues, in 32-bit words, and the places in it. */
  readonly #words: Int32Array;
  readonly #submissionTail: number;
  readonly #submissionMask: number;
  readonly #completionHead: number;
  readonly #completionTail: number;
  readonly #completionMask: number;
  readonly #completionArray: number;
  readonly #completionFlags: number;
  readonly #entries: DataView;
  #prepared = 0;

  /** Gives a negative errno where the kernel, or who confines this process, does not allow it. `submissions`: a power of two. */
  static open(submissions: number): IoUring | number {
    const parameters = new Uint8Array(PARAMETERS_LENGTH);
    const fd = orErrno(setup(Call.setup, submissions, parameters));
    if (fd < 0) return fd;
    const view = new DataView(parameters.buffer);
    const eventFd = orErrno(eventfd(0, EFD_CLOEXEC_NONBLOCK));
    const argument = new Uint8Array(4);
    new DataView(argument.buffer).setInt32(0, eventFd, true);
    const registered =
      eventFd < 0 ? eventFd : orErrno(register(Call.register, fd, REGISTER_EVENTFD, argument, 1));
    // Both queues in one mapping, no result is ever dropped, and the eventfd can be told to be silent: Linux 5.8.
    const hasFlags = view.getUint32(Parameter.completionFields + COMPLETION_FLAGS, true) !== 0;
    const isOld = (view.getUint32(Parameter.features, true) & FEATURES) !== FEATURES || !hasFlags;
    if (registered < 0 || isOld) {
      closeSync(fd);
      if (eventFd >= 0) closeSync(eventFd);
      return registered < 0 ? registered : -ENOSYS;
    }
    return new IoUring(fd, eventFd, view);
  }

  private constructor(fd: number, eventFd: number, parameters: DataView) {
    const at = (field: number): number => parameters.getUint32(field, true);
    this.#fd = fd;
    this.eventFd = eventFd;
    this.#submissions = at(Parameter.submissions);
    this.capacity = at(Parameter.completions);
    const { submissionFields, completionFields } = Parameter;
    const array = at(submissionFields + SUBMISSION_ARRAY);
    const results = at(completionFields + COMPLETION_ARRAY);
    const rings = map(
      fd,
      Offset.rings,
      Math.max(array + 4 * this.#submissions, results + COMPLETION_LENGTH * this.capacity),
    );
    const entries = map(fd, Offset.entries, ENTRY_LENGTH * this.#submissions);
    this.#maps = [rings, entries];
    this.#words = new Int32Array(rings.memory);
    this.#entries = new DataView(entries.memory);
    this.#submissionTail = at(submissionFields + Field.tail) / 4;
    this.#submissionMask = this.#word(at(submissionFields + Field.mask) / 4);
    this.#completionHead = at(completionFields + Field.head) / 4;
    this.#completionTail = at(completionFields + Field.tail) / 4;
    this.#completionMask = this.#word(at(completionFields + Field.mask) / 4);
    this.#completionArray = results / 4;
    this.#completionFlags = at(completionFields + COMPLETION_FLAGS) / 4;
    // Each place of the queue always holds the entry of the same number.
    for (let place = 0; place < this.#submissions; place += 1) this.#words[array / 4 + place] = place;
  }

  /** What was prepared and not yet submitted. */
  get prepared(): number {
    return this.#prepared;
  }

  /**
   * These four prepare an operation. False: the queue is full, `submit` first. `id` (32 bits) comes back with the result; `bytes` must stay
   * in use until then.
   */
  /** `inThread`: in a thread of the kernel's from the start, without an attempt within `submit`. */
  read(fd: number, bytes: Uint8Array, position: number, inThread: boolean, id: number): boolean {
    const operation = inThread ? Operation.read | ASYNC : Operation.read;
    return this.#prepare(operation, fd, koffi.address(bytes), bytes.length, position, 0, id);
  }

  write(fd: number, bytes: Uint8Array, position: number, id: number): boolean {
    return this.#prepare(Operation.write, fd, koffi.address(bytes), bytes.length, position, 0, id);
  }

  fdatasync(fd: number, id: number): boolean {
    return this.#prepare(Operation.fsync, fd, 0n, 0, 0, FSYNC_DATASYNC, id);
  }

  fallocate(fd: number, mode: number, position: number, length: number, id: number): boolean {
    return this.#prepare(Operation.fallocate, fd, BigInt(length), mode, position, 0, id);
  }

  #prepare(
    operation: number,
    fd: number,
    address: bigint,
    length: number,
    position: number,
    flags: number,
    id: number,
  ): boolean {
    if (this.#prepared === this.#submissions) return false;
    const tail = this.#word(this.#submissionTail);
    const entries = this.#entries;
    const at = (tail & this.#submissionMask) * ENTRY_LENGTH;
    // Operation and flags, no priority.
    entries.setUint32(at, operation, true);
    entries.setInt32(at + 4, fd, true);
    entries.setUint32(at + 8, position >>> 0, true);
    entries.setUint32(at + 12, Math.floor(position / 2 ** 32), true);
    entries.setBigUint64(at + 16, address, true);
    entries.setUint32(at + 24, length, true);
    entries.setUint32(at + 28, flags, true);
    entries.setUint32(at + 32, id, true);
    entries.setUint32(at + 36, 0, true);
    for (let rest = at + 40; rest < at + ENTRY_LENGTH; rest += 4) entries.setUint32(rest, 0, true);
    Atomics.store(this.#words, this.#submissionTail, (tail + 1) | 0);
    this.#prepared += 1;
    return true;
  }

  /**
   * Hands all that is prepared to the kernel. `drain` after it: what needed no waiting is done, and the eventfd does not tell of that. A negative errno: some is
   * still prepared.
   */
  submit(): number {
    Atomics.store(this.#words, this.#completionFlags, EVENTFD_DISABLED);
    const result = this.#enter();
    Atomics.store(this.#words, this.#completionFlags, 0);
    return result;
  }

  #enter(): number {
    while (this.#prepared > 0) {
      const taken = orErrno(enter(Call.enter, this.#fd, this.#prepared, 0, 0, null, 0));
      if (taken === -EINTR) continue;
      if (taken < 0) return taken;
      this.#prepared -= taken;
    }
    return 0;
  }

  /** Gives what has been done since the last call: ids, and what the system call would have returned, or a negative errno. */
  drain(each: (id: number, result: number) => void): void {
    const words = this.#words;
    for (;;) {
      const head = this.#word(this.#completionHead);
      if (head === Atomics.load(words, this.#completionTail)) return;
      const at = this.#completionArray + (head & this.#completionMask) * (COMPLETION_LENGTH / 4);
      const id = this.#word(at);
      const result = this.#word(at + 2);
      // The place is the kernel's again before the result is acted on, which may ask for more.
      Atomics.store(words, this.#completionHead, (head + 1) | 0);
      each(id, result);
    }
  }

  /** Nothing may be under way. */
  close(): void {
    for (const { at, length } of this.#maps) munmap(at, length);
    closeSync(this.#fd);
    closeSync(this.eventFd);
  }

  #word(place: number): number {
    return this.#words[place] ?? 0;
  }
}

const ENOSYS = 38;
const EINTR = 4;

function map(
  fd: number,
  offset: number,
  length: number,
): { at: Pointer; length: number; memory: ArrayBuffer } {
  const at = mmap(null, length, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset);
  if (BigInt.asIntN(64, at) === -1n)
    throw new Error(`cannot map the memory of a ring: errno ${koffi.errno()}`);
  return { at, length, memory: koffi.view(at, length) };
}
