/** The calls of a store as promises, for tests. They reject with an Error whose message is the errno name. */
import type { Errno, Extent, Space } from '../../src/env/disk.ts';
import type { BlockStore } from '../../src/stores/block-store.ts';

function settled(call: (done: (error: Errno | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    call((error) => (error === null ? resolve() : reject(new Error(error))));
  });
}

/** Fills with AAh first: what was not read shows. */
export async function read(store: BlockStore, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length).fill(0xaa);
  await settled((done) => store.read(position, buffer, done));
  return buffer;
}

export function write(
  store: BlockStore,
  position: number,
  bytes: Uint8Array,
  durable = false,
): Promise<void> {
  return settled((done) => store.write(position, bytes, durable, done));
}

export function flush(store: BlockStore): Promise<void> {
  return settled((done) => store.flush(done));
}

export function unmap(store: BlockStore, position: number, length: number): Promise<void> {
  return settled((done) => store.unmap(position, length, done));
}

export function writeZeroes(store: BlockStore, position: number, length: number): Promise<void> {
  return settled((done) => store.writeZeroes(position, length, done));
}

export function extentAt(store: BlockStore, position: number): Promise<Extent> {
  return new Promise((resolve, reject) => {
    store.extentAt(position, (error, extent) => {
      if (extent === null) reject(new Error(error ?? 'no extent'));
      else resolve(extent);
    });
  });
}

/** `length` bytes that differ from their neighbours and from those of another seed. */
export function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >>> 8) * 7 + seed * 101 + 1) & 0xff);
}

export function spaceOf(store: BlockStore): Promise<Space | null> {
  return new Promise((resolve, reject) => {
    store.space((error, space) => (error === null ? resolve(space) : reject(new Error(error))));
  });
}

/** Gives the errno where it can't. */
export function grow(store: BlockStore, byteLength: number): Promise<Errno | null> {
  return new Promise((resolve) => store.grow(byteLength, resolve));
}
