import type { DiskDone, DiskFile, Errno, Extent, Space } from '../../env/disk.ts';
import type { BlockStore, StoreDone } from '../block-store.ts';
import { RunningCalls } from '../running-calls.ts';

/** A BlockStore on an open file or block device. */
export class DiskStore implements BlockStore {
  readonly blockLength: number;
  #byteLength: number;
  /** The page cache: writes are acknowledged from there. */
  readonly writeCache = true;
  readonly thin: boolean;
  readonly #file: DiskFile;
  #broken = false;
  readonly #running = new RunningCalls();

  /** The file is this object's from here. `byteLength` is at most the file's, a multiple of `blockLength`. */
  constructor(file: DiskFile, byteLength: number, blockLength: number) {
    this.#file = file;
    this.#byteLength = byteLength;
    this.blockLength = blockLength;
    this.thin = file.discardZeroes;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  grow(byteLength: number, done: StoreDone): void {
    if (this.#broken) return done('EIO');
    const ended = this.#running.begin(done);
    this.#file.grow(
      byteLength,
      this.#breaking((error) => {
        if (error === null) this.#byteLength = byteLength;
        ended(error);
      }),
    );
  }

  readCached(position: number, buffer: Uint8Array): boolean {
    return !this.#broken && this.#file.readCached(buffer, position) === buffer.length;
  }

  read(position: number, buffer: Uint8Array, done: StoreDone): void {
    if (this.#broken) return done('EIO');
    this.#file.read(buffer, position, this.#running.begin(done));
  }

  /** A durable write that fails with 'EIO' may have failed in its flush, which breaks the store. */
  write(position: number, buffer: Uint8Array, durable: boolean, done: StoreDone): void {
    if (this.#broken) return done('EIO');
    const ended = this.#running.begin(done);
    this.#file.write(buffer, position, durable, durable ? this.#breaking(ended) : ended);
  }

  flush(done: StoreDone): void {
    if (this.#broken) return done('EIO');
    this.#file.flush(this.#breaking(this.#running.begin(done)));
  }

  unmap(position: number, length: number, done: StoreDone): void {
    if (this.#broken) return done('EIO');
    this.#file.discard(position, length, this.#running.begin(done));
  }

  writeZeroes(position: number, length: number, done: StoreDone): void {
    if (this.#broken) return done('EIO');
    this.#file.writeZeroes(position, length, this.#running.begin(done));
  }

  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void {
    if (this.#broken) return done('EIO', null);
    let found: Extent | null = null;
    const ended = this.#running.begin((error) => done(error, found));
    this.#file.extentAt(position, (error, extent) => {
      if (extent !== null) found = this.#wholeBlocks(extent);
      ended(error);
    });
  }

  space(done: (error: Errno | null, space: Space | null) => void): void {
    if (this.#broken) return done('EIO', null);
    let found: Space | null = null;
    const ended = this.#running.begin((error) => done(error, found));
    this.#file.space((error, space) => {
      found = space;
      ended(error);
    });
  }

  /** A block that is allocated in part is mapped. */
  #wholeBlocks(extent: Extent): Extent {
    const { position, allocated } = extent;
    const blocks = Math.min(extent.length, this.#byteLength - position) / this.blockLength;
    if (!allocated && blocks < 1) return { position, length: this.blockLength, allocated: true };
    const length = (allocated ? Math.ceil(blocks) : Math.floor(blocks)) * this.blockLength;
    return { position, length, allocated };
  }

  async close(): Promise<void> {
    await this.#running.ended();
    const error = await new Promise<Errno | null>((resolve) => this.flush(resolve));
    await this.#file.close();
    if (error !== null) throw new Error(`the last flush failed (${error}): acknowledged writes may be lost`);
  }

  #breaking(done: DiskDone): DiskDone {
    return (error) => {
      if (error === 'EIO') this.#broken = true;
      done(error);
    };
  }
}
