/**
 * A file on a simulated disk: what the page cache shows, and what a power cut would leave. The file outlives the process
 * that has it open.
 */
import type { DiskDone, DiskFile, Errno, Extent } from '../../src/env/disk.ts';
import type { SimProcess } from '../world/process.ts';
import { Violation, type World } from '../world/world.ts';

/** What a disk writes whole or not at all, in bytes. */
const SECTOR = 512;

export interface DiskTraits {
  /** ms */
  readonly latency: number;
  /** How likely a read is served, and a write taken, without waiting. */
  readonly cachedChance: number;
  /** How likely the kernel has written a sector back before anyone asked. */
  readonly writebackChance: number;
}

/** What goes wrong with a disk, now; the fault plan sets it. Chances of a call. */
export interface DiskFaults {
  readError: number;
  writeError: number;
  noSpace: number;
  flushError: number;
  /** ms more for every call. */
  slowness: number;
}

function noFaults(): DiskFaults {
  return { readError: 0, writeError: 0, noSpace: 0, flushError: 0, slowness: 0 };
}

/** The medium with its cache. */
export class SimMedium {
  readonly byteLength: number;
  readonly cache: Uint8Array;
  readonly #durable: Uint8Array;
  /** By sector: the cache is ahead of what is durable. */
  readonly #dirty: Uint8Array;
  readonly faults = noFaults();
  /** A flush has failed: the kernel has forgotten what it could not write. */
  flushFailed = false;

  constructor(byteLength: number) {
    this.byteLength = byteLength;
    this.cache = new Uint8Array(byteLength);
    this.#durable = new Uint8Array(byteLength);
    this.#dirty = new Uint8Array(byteLength / SECTOR);
  }

  put(bytes: Uint8Array, position: number, world: World, writebackChance: number): void {
    for (let at = 0; at < bytes.length; at += SECTOR) {
      const sector = (position + at) / SECTOR;
      if (this.#dirty[sector] === 1 && world.prng.chance(writebackChance)) this.#settle(sector);
      this.#dirty[sector] = 1;
    }
    this.cache.set(bytes, position);
  }

  settleAll(): void {
    for (let sector = this.#dirty.indexOf(1); sector >= 0; sector = this.#dirty.indexOf(1, sector))
      this.#settle(sector);
  }

  settleRange(position: number, length: number): void {
    for (let sector = position / SECTOR; sector < (position + length) / SECTOR; sector += 1)
      this.#settle(sector);
  }

  get isDirty(): boolean {
    return this.#dirty.includes(1);
  }

  /** The cache is gone: of what was not durable, each sector made it or did not. */
  losePower(world: World): void {
    const survives = world.prng.pick([0, 0.5, 0.9]);
    for (let sector = this.#dirty.indexOf(1); sector >= 0; sector = this.#dirty.indexOf(1, sector)) {
      if (world.prng.chance(survives)) this.#settle(sector);
      else this.#forget(sector);
    }
    this.flushFailed = false;
  }

  /** The process died, the machine did not. After a failed flush the cache may go at any time: it goes now. */
  reopen(): void {
    if (!this.flushFailed) return;
    for (let sector = this.#dirty.indexOf(1); sector >= 0; sector = this.#dirty.indexOf(1, sector))
      this.#forget(sector);
    this.flushFailed = false;
  }

  #settle(sector: number): void {
    const start = sector * SECTOR;
    this.#durable.set(this.cache.subarray(start, start + SECTOR), start);
    this.#dirty[sector] = 0;
  }

  #forget(sector: number): void {
    const start = sector * SECTOR;
    this.cache.set(this.#durable.subarray(start, start + SECTOR), start);
    this.#dirty[sector] = 0;
  }
}

/** The medium, as a process has it open. */
export class SimDiskFile implements DiskFile {
  readonly byteLength: number;
  readonly blockLength = 1;
  readonly discardZeroes = true;
  readonly #medium: SimMedium;
  readonly #world: World;
  readonly #process: SimProcess;
  readonly #traits: DiskTraits;

  constructor(medium: SimMedium, world: World, process: SimProcess, traits: DiskTraits) {
    this.byteLength = medium.byteLength;
    this.#medium = medium;
    this.#world = world;
    this.#process = process;
    this.#traits = traits;
    process.atDeath.push(() => this.#dieInMidWrite());
  }

  readonly #writing = new Set<{ readonly bytes: Uint8Array; readonly position: number }>();

  readCached(buffer: Uint8Array, position: number): number {
    if (this.#mustWait()) return 0;
    buffer.set(this.#medium.cache.subarray(position, position + buffer.length));
    return buffer.length;
  }

  read(buffer: Uint8Array, position: number, done: DiskDone): void {
    this.#checkAlone(position, buffer.length);
    this.#later(() => {
      if (this.#fails(this.#medium.faults.readError)) return done('EIO');
      buffer.set(this.#medium.cache.subarray(position, position + buffer.length));
      done(null);
    });
  }

  write(buffer: Uint8Array, position: number, durable: boolean, done: DiskDone): void {
    this.#checkAlone(position, buffer.length);
    const error = this.#writeFault();
    if (!durable && error === null && !this.#mustWait()) {
      this.#put(buffer, position);
      return done(null);
    }
    const write = { bytes: buffer, position };
    this.#writing.add(write);
    this.#later(() => {
      this.#writing.delete(write);
      if (error !== null && this.#isFaulty) {
        // What a durable write has left in the cache is in doubt, as after a failed flush.
        if (durable) this.#medium.flushFailed = true;
        return this.#failWrite(write, error, done);
      }
      this.#put(buffer, position);
      if (!durable) return done(null);
      if (this.#fails(this.#medium.faults.flushError)) return this.#failFlush(done);
      this.#medium.settleRange(position, buffer.length);
      done(null);
    });
  }

  flush(done: DiskDone): void {
    this.#later(() => {
      if (this.#fails(this.#medium.faults.flushError)) return this.#failFlush(done);
      this.#medium.settleAll();
      done(null);
    });
  }

  discard(position: number, length: number, done: DiskDone): void {
    this.writeZeroes(position, length, done);
  }

  writeZeroes(position: number, length: number, done: DiskDone): void {
    this.write(new Uint8Array(length), position, false, done);
  }

  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void {
    this.#later(() => done(null, { position, length: this.byteLength - position, allocated: true }));
  }

  /** No unit of the simulator grows. */
  grow(_byteLength: number, done: DiskDone): void {
    done('ENOSYS');
  }

  /** No unit of the simulator has a threshold, and no client asks. */
  space(done: (error: Errno | null, space: null) => void): void {
    done(null, null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** BlockStore: the logical unit keeps overlapping calls apart, for the order of two is nobody's to know. */
  #checkAlone(position: number, length: number): void {
    for (const { bytes, position: start } of this.#writing) {
      if (position < start + bytes.length && start < position + length) {
        throw new Violation(
          'overlapping calls',
          `[${position}, ${position + length}) meets a write at ${start}`,
        );
      }
    }
  }

  #put(bytes: Uint8Array, position: number): void {
    this.#medium.put(bytes, position, this.#world, this.#traits.writebackChance);
  }

  #mustWait(): boolean {
    return this.#medium.faults.slowness > 0 || !this.#world.prng.chance(this.#traits.cachedChance);
  }

  #later(run: () => void): void {
    const { prng } = this.#world;
    const slowness = this.#medium.faults.slowness * prng.fraction();
    this.#world.after(this.#traits.latency * (0.2 + prng.fraction()) + slowness, this.#process, run);
  }

  /** It was to fail when it was asked for; if the disk has been mended meanwhile it does not. */
  get #isFaulty(): boolean {
    const { writeError, noSpace } = this.#medium.faults;
    return writeError > 0 || noSpace > 0;
  }

  #fails(chance: number): boolean {
    return chance > 0 && this.#world.prng.chance(chance);
  }

  #writeFault(): Errno | null {
    const { writeError, noSpace } = this.#medium.faults;
    if (this.#fails(writeError)) return 'EIO';
    return this.#fails(noSpace) ? 'ENOSPC' : null;
  }

  /** Some of it may have been written. */
  #failWrite(
    { bytes, position }: { bytes: Uint8Array; position: number },
    error: Errno,
    done: DiskDone,
  ): void {
    this.#put(this.#firstSectors(bytes), position);
    done(error);
  }

  #failFlush(done: DiskDone): void {
    this.#medium.flushFailed = true;
    done('EIO');
  }

  #dieInMidWrite(): void {
    for (const { bytes, position } of this.#writing) this.#put(this.#firstSectors(bytes), position);
  }

  #firstSectors(bytes: Uint8Array): Uint8Array {
    return bytes.subarray(0, this.#world.prng.below(bytes.length / SECTOR + 1) * SECTOR);
  }
}
