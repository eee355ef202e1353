import type { Errno, Extent, Space } from '../env/disk.ts';

/** Called exactly once, possibly before the call that it belongs to has returned. */
export type StoreDone = (error: Errno | null) => void;

/**
 * Where a logical unit's bytes are kept. Positions and lengths are in bytes, multiples of `blockLength`, and
 * inside `byteLength`: the caller (the device server) has checked them; layers/checked asserts them.
 *
 * A store does not order overlapping calls: the logical unit's task set does. A buffer is the store's from the
 * call until `done`. After a failed flush the store is broken: every later call fails with 'EIO' (the kernel
 * forgets what it could not write, so a second flush that succeeds would be a lie).
 */
export interface BlockStore {
  readonly blockLength: number;
  /** As it was opened, or as it was grown to. */
  readonly byteLength: number;
  /** True where writes are acknowledged before they are durable: what MODE SENSE reports as WCE. */
  readonly writeCache: boolean;
  /** Whether it can free the space of blocks that are unmapped. Those read as zeroes. */
  readonly thin: boolean;
  /**
   * Reads without waiting where the bytes are in memory already: true if the whole buffer was filled. False:
   * nothing useful was done, call `read`.
   */
  readCached(position: number, buffer: Uint8Array): boolean;
  read(position: number, buffer: Uint8Array, done: StoreDone): void;
  /** `durable`: done means it survives a power cut, this write alone (FUA). */
  write(position: number, buffer: Uint8Array, durable: boolean, done: StoreDone): void;
  /** Every write that was done before this call is durable when this is done. */
  flush(done: StoreDone): void;
  /** Only of a store that is `thin`: the caller has asked; layers/checked asserts it. */
  unmap(position: number, length: number, done: StoreDone): void;
  writeZeroes(position: number, length: number, done: StoreDone): void;
  /** The run of mapped or unmapped blocks that begins at `position`. */
  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void;
  /** More blocks, of zeroes, at the end, durably; all that runs goes on. Never fewer. Where it fails, the store is as it was. */
  grow(byteLength: number, done: StoreDone): void;
  /** What it takes on its medium and what is free there; null without an error: the medium does not tell. */
  space(done: (error: Errno | null, space: Space | null) => void): void;
  /** Waits for what is running, flushes, and closes. Rejects where the flush failed. */
  close(): Promise<void>;
}
