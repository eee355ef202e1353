import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskDone, DiskFile, Errno, Extent } from '../../../src/env/disk.ts';
import { DiskStore } from '../../../src/stores/disk/disk-store.ts';
import { extentAt, flush, read, unmap, write, writeZeroes } from '../calls.ts';

/** A file that answers as it is told. */
class ScriptedFile implements DiskFile {
  readonly byteLength = 1 << 20;
  readonly blockLength = 1;
  discardZeroes = true;
  writeError: Errno | null = null;
  flushError: Errno | null = null;
  extent: Extent = { position: 0, length: 0, allocated: false };
  readonly calls: string[] = [];

  readCached(buffer: Uint8Array): number {
    return buffer.length;
  }
  read(_buffer: Uint8Array, _position: number, done: DiskDone): void {
    this.#answer('read', null, done);
  }
  write(_buffer: Uint8Array, _position: number, durable: boolean, done: DiskDone): void {
    this.#answer(durable ? 'durable write' : 'write', this.writeError, done);
  }
  flush(done: DiskDone): void {
    this.#answer('flush', this.flushError, done);
  }
  discard(_position: number, _length: number, done: DiskDone): void {
    this.#answer('discard', null, done);
  }
  writeZeroes(_position: number, _length: number, done: DiskDone): void {
    this.#answer('writeZeroes', null, done);
  }
  grow(_byteLength: number, done: DiskDone): void {
    done('ENOSYS');
  }

  space(done: (error: Errno | null, space: null) => void): void {
    done(null, null);
  }

  extentAt(_position: number, done: (error: Errno | null, extent: Extent | null) => void): void {
    done(null, this.extent);
  }
  async close(): Promise<void> {
    this.calls.push('close');
  }

  #answer(call: string, error: Errno | null, done: DiskDone): void {
    this.calls.push(call);
    done(error);
  }
}

const block = new Uint8Array(4096);
const EIO = { message: 'EIO' };

async function assertBroken(store: DiskStore, file: ScriptedFile): Promise<void> {
  const before = file.calls.length;
  file.flushError = null;
  file.writeError = null;
  await assert.rejects(read(store, 0, 4096), EIO);
  await assert.rejects(write(store, 0, block), EIO);
  await assert.rejects(flush(store), EIO);
  await assert.rejects(unmap(store, 0, 4096), EIO);
  await assert.rejects(writeZeroes(store, 0, 4096), EIO);
  await assert.rejects(extentAt(store, 0), EIO);
  assert.equal(store.readCached(0, new Uint8Array(4096)), false);
  assert.equal(file.calls.length, before, 'the file is left alone');
  await assert.rejects(store.close(), /acknowledged writes may be lost/);
  assert.equal(file.calls.at(-1), 'close');
}

test('a failed flush breaks the store: every later call fails with EIO', async () => {
  const file = new ScriptedFile();
  const store = new DiskStore(file, file.byteLength, 4096);
  file.flushError = 'EIO';
  await assert.rejects(flush(store), EIO);
  await assertBroken(store, file);
});

test('a failed durable write breaks the store', async () => {
  const file = new ScriptedFile();
  const store = new DiskStore(file, file.byteLength, 4096);
  file.writeError = 'EIO';
  await assert.rejects(write(store, 0, block, true), EIO);
  await assertBroken(store, file);
});

test('a write that finds no space, or fails before it is acknowledged, does not', async () => {
  const file = new ScriptedFile();
  const store = new DiskStore(file, file.byteLength, 4096);
  for (const [error, durable] of [
    ['ENOSPC', false],
    ['ENOSPC', true],
    ['EIO', false],
  ] as const) {
    file.writeError = error;
    await assert.rejects(write(store, 0, block, durable), { message: error });
  }
  file.writeError = null;
  await write(store, 0, block, true);
  await store.close();
  assert.deepEqual(file.calls.slice(-2), ['flush', 'close']);
});

test('close rejects where its flush fails, and closes all the same', async () => {
  const file = new ScriptedFile();
  const store = new DiskStore(file, file.byteLength, 4096);
  file.flushError = 'EIO';
  await assert.rejects(store.close(), /EIO/);
  assert.deepEqual(file.calls, ['flush', 'close']);
});

test('where discarded ranges might keep their bytes, the store is not thin; else unmap discards', async () => {
  const file = new ScriptedFile();
  const store = new DiskStore(file, file.byteLength, 4096);
  assert(store.thin);
  await unmap(store, 0, 4096);
  assert.deepEqual(file.calls, ['discard']);
  file.discardZeroes = false;
  assert(!new DiskStore(file, file.byteLength, 4096).thin);
});

test('extents are whole blocks, and a block allocated in part is mapped', async () => {
  const file = new ScriptedFile();
  const store = new DiskStore(file, 65536, 4096);
  const cases: readonly [Extent, Extent][] = [
    [
      { position: 0, length: 1024, allocated: false },
      { position: 0, length: 4096, allocated: true },
    ],
    [
      { position: 0, length: 9000, allocated: false },
      { position: 0, length: 8192, allocated: false },
    ],
    [
      { position: 4096, length: 1024, allocated: true },
      { position: 4096, length: 4096, allocated: true },
    ],
    [
      { position: 8192, length: 1 << 20, allocated: true },
      { position: 8192, length: 65536 - 8192, allocated: true },
    ],
  ];
  for (const [extent, expected] of cases) {
    file.extent = extent;
    assert.deepEqual(await extentAt(store, extent.position), expected);
  }
});
