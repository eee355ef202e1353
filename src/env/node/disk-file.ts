import { fstat, ftruncate, statfs, writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { DiskLimits } from '../../limits.ts';
import { FallocateMode } from '../../sys/fallocate.ts';
import { deviceByteLength } from '../../sys/ioctl.ts';
import { errnoName } from '../../sys/libc.ts';
import { seekData, seekHole } from '../../sys/lseek.ts';
import { readNowait } from '../../sys/preadv2.ts';
import type { Clock } from '../clock.ts';
import type { DiskDone, DiskFile, Errno, Extent, Space } from '../disk.ts';
import type { DiskQueue } from './disk-queue/disk-queue.ts';
import { errorCode } from './error-code.ts';
import { GroupFlush } from './group-flush.ts';
import { ReadPolicy } from './read-policy.ts';
import { WritePolicy } from './write-policy.ts';

export interface DiskFileTraits {
  readonly byteLength: number;
  readonly blockLength: number;
  readonly discardZeroes: boolean;
  /** Opened with O_DIRECT: the page cache has nothing of it. */
  readonly direct: boolean;
}

/** The kernel reads the rest of a page from the medium before it changes a part of it. */
const PAGE_LENGTH = 4096;
/** stat(2) counts in these, whatever the file system's blocks. */
const STAT_BLOCK = 512;
const zeroes = new Uint8Array(DiskLimits.zeroPieceLength);
const probe = new Uint8Array(1);

/** An open file or block device. */
export class NodeDiskFile implements DiskFile {
  #byteLength: number;
  readonly blockLength: number;
  readonly discardZeroes: boolean;
  readonly #direct: boolean;
  readonly #handle: FileHandle;
  readonly #fd: number;
  readonly #queue: DiskQueue;
  readonly #clock: Clock;
  readonly #policy: WritePolicy;
  readonly #readPolicy = new ReadPolicy();
  readonly #flushes: GroupFlush;

  /** The handle is this object's from here. */
  constructor(handle: FileHandle, traits: DiskFileTraits, queue: DiskQueue, clock: Clock) {
    this.#byteLength = traits.byteLength;
    this.blockLength = traits.blockLength;
    this.discardZeroes = traits.discardZeroes;
    this.#direct = traits.direct;
    this.#handle = handle;
    this.#fd = handle.fd;
    this.#queue = queue;
    this.#clock = clock;
    this.#policy = new WritePolicy(() => clock.now());
    const start = (done: DiskDone) => queue.flush(this.#fd, (result) => done(failure(result)));
    this.#flushes = new GroupFlush(start, (run) => clock.endOfTurn(run));
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Whatever goes wrong here, `read` meets it too and has a way to say it. */
  readCached(buffer: Uint8Array, position: number): number {
    const { length } = buffer;
    if (this.#direct || !this.#readPolicy.allowsLoop(length)) return 0;
    const found = Math.max(0, readNowait(this.#fd, buffer, position));
    this.#readPolicy.tried(length, found);
    return found;
  }

  read(buffer: Uint8Array, position: number, done: DiskDone): void {
    const readsAhead = !this.#direct && buffer.length >= DiskLimits.longReadLength;
    this.#queue.read(this.#fd, buffer, position, readsAhead, (length) => {
      if (length < 0) return done(errnoName(length));
      if (length === buffer.length) return done(null);
      if (length === 0) return done('EIO');
      this.read(buffer.subarray(length), position + length, done);
    });
  }

  /**
   * A durable write is a write and a flush, not RWF_DSYNC: only so a full disk (nothing is lost, the errno of
   * the write) can be told from a failed flush (always 'EIO': the kernel has dropped what it could not write).
   */
  write(buffer: Uint8Array, position: number, durable: boolean, done: DiskDone): void {
    const written: DiskDone = durable ? (error) => (error === null ? this.flush(done) : done(error)) : done;
    if (this.#mayWriteOnLoop(buffer.length, position)) this.#writeOnLoop(buffer, position, written);
    else this.#writeElsewhere(buffer, position, written);
  }

  #mayWriteOnLoop(length: number, position: number): boolean {
    return (
      !this.#direct &&
      this.#policy.allowsLoop(length, this.#flushes.running) &&
      this.#pageEdgeIsCached(position) &&
      this.#pageEdgeIsCached(position + length)
    );
  }

  #pageEdgeIsCached(position: number): boolean {
    return position % PAGE_LENGTH === 0 || this.readCached(probe, position - 1) === 1;
  }

  #writeOnLoop(buffer: Uint8Array, position: number, done: DiskDone): void {
    const start = this.#clock.now();
    let length: number;
    try {
      length = writeSync(this.#fd, buffer, 0, buffer.length, position);
    } catch (error) {
      return done(errorCode(error));
    }
    this.#policy.ranOnLoop(start);
    if (length === buffer.length) done(null);
    else this.#writeElsewhere(buffer.subarray(length), position + length, done);
  }

  #writeElsewhere(buffer: Uint8Array, position: number, done: DiskDone): void {
    this.#queue.write(this.#fd, buffer, position, (length) => {
      if (length < 0) return done(errnoName(length));
      if (length === buffer.length) return done(null);
      this.#writeElsewhere(buffer.subarray(length), position + length, done);
    });
  }

  flush(done: DiskDone): void {
    this.#flushes.join((error) => done(error === null ? null : 'EIO'));
  }

  discard(position: number, length: number, done: DiskDone): void {
    this.#queue.allocate(this.#fd, FallocateMode.punchHole, position, length, (result) =>
      done(failure(result)),
    );
  }

  /** A hole where the medium can make one, else what it can do about zeroes, else zeroes by hand. */
  writeZeroes(position: number, length: number, done: DiskDone): void {
    const cannot = (error: Errno | null): boolean => error === 'ENOTSUP' || error === 'EOPNOTSUPP';
    this.discard(position, length, (error) => {
      if (!cannot(error)) return done(error);
      this.#queue.allocate(this.#fd, FallocateMode.zeroRange, position, length, (result) => {
        const second = failure(result);
        if (!cannot(second)) return done(second);
        this.#writeZeroesByHand(position, position + length, done);
      });
    });
  }

  #writeZeroesByHand(position: number, end: number, done: DiskDone): void {
    const piece = zeroes.subarray(0, Math.min(zeroes.length, end - position));
    this.#writeElsewhere(piece, position, (error) => {
      const next = position + piece.length;
      if (error !== null || next === end) done(error);
      else this.#writeZeroesByHand(next, end, done);
    });
  }

  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void {
    const extent = (end: number, allocated: boolean): void =>
      done(null, { position, length: Math.min(end, this.#byteLength) - position, allocated });
    seekData(this.#fd, position, (data) => {
      if (data < 0) {
        const error = errnoName(data);
        if (error === 'ENXIO') return extent(this.#byteLength, false);
        // A block device, or a file system without holes: all of it is data.
        return error === 'EINVAL' ? extent(this.byteLength, true) : done(error, null);
      }
      if (data > position) return extent(data, false);
      seekHole(this.#fd, position, (hole) => {
        if (hole < 0) done(errnoName(hole), null);
        else extent(hole, true);
      });
    });
  }

  grow(byteLength: number, done: DiskDone): void {
    fstat(this.#fd, (error, stat) => {
      if (error !== null) return done(errorCode(error));
      if (stat.isFile()) return this.#growFile(stat.size, byteLength, done);
      const length = deviceByteLength(this.#fd);
      if (length < 0) return done(errnoName(length));
      if (length < byteLength) return done('ENOSPC');
      this.#byteLength = length;
      done(null);
    });
  }

  #growFile(now: number, byteLength: number, done: DiskDone): void {
    if (now > byteLength) return done('EINVAL');
    ftruncate(this.#fd, byteLength, (error) => {
      if (error !== null) return done(errorCode(error));
      this.flush((failed) => {
        if (failed === null) this.#byteLength = byteLength;
        done(failed);
      });
    });
  }

  space(done: (error: Errno | null, space: Space | null) => void): void {
    fstat(this.#fd, (error, stat) => {
      if (error !== null) return done(errorCode(error), null);
      if (!stat.isFile()) return done(null, null);
      // Node has no fstatfs: this is the file itself, wherever its path leads by now.
      statfs(`/proc/self/fd/${this.#fd}`, (failed, system) => {
        if (failed !== null) return done(errorCode(failed), null);
        const freeBytes = system.bavail * system.bsize;
        done(null, { usedBytes: stat.blocks * STAT_BLOCK, freeBytes });
      });
    });
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

function failure(result: number): Errno | null {
  return result < 0 ? errnoName(result) : null;
}
