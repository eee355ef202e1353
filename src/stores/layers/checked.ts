import assert from 'node:assert/strict';
import type { Errno, Extent, Space } from '../../env/disk.ts';
import type { BlockStore, StoreDone } from '../block-store.ts';

/**
 * Asserts what the callers of a store promise (whole blocks inside the store, nothing after close) and what the
 * store promises (`done` once, extents of whole blocks that begin where asked). A failure is our own bug.
 */
export function checked(store: BlockStore): BlockStore {
  return new CheckedStore(store);
}

class CheckedStore implements BlockStore {
  readonly blockLength: number;
  readonly writeCache: boolean;
  readonly thin: boolean;
  readonly #store: BlockStore;
  #closed = false;

  constructor(store: BlockStore) {
    assert(Number.isSafeInteger(store.byteLength) && store.byteLength % store.blockLength === 0);
    this.#store = store;
    this.blockLength = store.blockLength;
    this.writeCache = store.writeCache;
    this.thin = store.thin;
  }

  get byteLength(): number {
    return this.#store.byteLength;
  }

  grow(byteLength: number, done: StoreDone): void {
    this.#checkOpen();
    assert(Number.isSafeInteger(byteLength) && byteLength % this.blockLength === 0);
    assert(byteLength >= this.byteLength, 'a store does not shrink');
    this.#store.grow(byteLength, once(done));
  }

  readCached(position: number, buffer: Uint8Array): boolean {
    this.#checkRange(position, buffer.length);
    return this.#store.readCached(position, buffer);
  }

  read(position: number, buffer: Uint8Array, done: StoreDone): void {
    this.#checkRange(position, buffer.length);
    this.#store.read(position, buffer, once(done));
  }

  write(position: number, buffer: Uint8Array, durable: boolean, done: StoreDone): void {
    this.#checkRange(position, buffer.length);
    this.#store.write(position, buffer, durable, once(done));
  }

  flush(done: StoreDone): void {
    this.#checkOpen();
    this.#store.flush(once(done));
  }

  unmap(position: number, length: number, done: StoreDone): void {
    assert(this.thin, 'only a thin store unmaps');
    this.#checkRange(position, length);
    this.#store.unmap(position, length, once(done));
  }

  writeZeroes(position: number, length: number, done: StoreDone): void {
    this.#checkRange(position, length);
    this.#store.writeZeroes(position, length, once(done));
  }

  extentAt(position: number, done: (error: Errno | null, extent: Extent | null) => void): void {
    this.#checkRange(position, this.blockLength);
    let found: Extent | null = null;
    const ended = once((error) => done(error, found));
    this.#store.extentAt(position, (error, extent) => {
      assert.equal(error === null, extent !== null, 'either an error or an extent');
      if (extent !== null) this.#checkWithin(extent.position, extent.length);
      assert(extent === null || extent.position === position, 'the extent begins where it was asked for');
      found = extent;
      ended(error);
    });
  }

  space(done: (error: Errno | null, space: Space | null) => void): void {
    this.#checkOpen();
    let found: Space | null = null;
    const ended = once((error) => done(error, found));
    this.#store.space((error, space) => {
      assert(error === null || space === null, 'an error or an answer');
      found = space;
      ended(error);
    });
  }

  close(): Promise<void> {
    this.#checkOpen();
    this.#closed = true;
    return this.#store.close();
  }

  #checkOpen(): void {
    assert(!this.#closed, 'the store is closed');
  }

  #checkRange(position: number, length: number): void {
    this.#checkOpen();
    this.#checkWithin(position, length);
  }

  #checkWithin(position: number, length: number): void {
    const inside =
      Number.isSafeInteger(position) &&
      Number.isSafeInteger(length) &&
      position >= 0 &&
      length > 0 &&
      position + length <= this.byteLength;
    const wholeBlocks = position % this.blockLength === 0 && length % this.blockLength === 0;
    // The message is made only where it is needed: this runs for every call.
    if (!inside || !wholeBlocks)
      assert.fail(`${length} bytes at ${position} are not whole blocks of the store`);
  }
}

function once(done: StoreDone): StoreDone {
  let called = false;
  return (error) => {
    assert(!called, 'done is called once');
    called = true;
    done(error);
  };
}
