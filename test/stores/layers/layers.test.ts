import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockStore } from '../../../src/stores/block-store.ts';
import { checked } from '../../../src/stores/layers/checked.ts';
import { delay } from '../../../src/stores/layers/delay.ts';
import { faulty } from '../../../src/stores/layers/faulty.ts';
import type { StoreOperation } from '../../../src/stores/layers/operation.ts';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { extentAt, flush, pattern, read, unmap, write, writeZeroes } from '../calls.ts';

const memory = (): MemoryStore => new MemoryStore({ byteLength: 65536, blockLength: 512 });
const noop = (): void => {};

test('checked refuses what is outside the store or no whole block', () => {
  const store = checked(memory());
  const buffer = new Uint8Array(512);
  const wrong: readonly (() => void)[] = [
    () => store.read(65536, buffer, noop),
    () => store.read(-512, buffer, noop),
    () => store.read(256, buffer, noop),
    () => store.read(0, new Uint8Array(100), noop),
    () => store.readCached(65536, buffer),
    () => store.write(65024, new Uint8Array(1024), false, noop),
    () => store.write(0, new Uint8Array(0), false, noop),
    () => store.unmap(0, 0, noop),
    () => store.unmap(Number.NaN, 512, noop),
    () => store.writeZeroes(0, 65536 + 512, noop),
    () => store.extentAt(65536, noop),
  ];
  for (const call of wrong) assert.throws(call, { code: 'ERR_ASSERTION' });
});

test('checked refuses to unmap where the store can’t', async () => {
  const store = checked(new MemoryStore({ byteLength: 65536, blockLength: 512, thin: false }));
  assert(!store.thin);
  assert.throws(() => store.unmap(0, 512, noop), { code: 'ERR_ASSERTION' });
  await write(store, 0, pattern(1024, 1));
  await writeZeroes(store, 0, 512);
  assert.deepEqual(await read(store, 0, 512), new Uint8Array(512));
});

test('checked refuses every call after close', async () => {
  const store = checked(memory());
  await store.close();
  assert.throws(() => store.flush(noop), /closed/);
  assert.throws(() => store.read(0, new Uint8Array(512), noop), /closed/);
  assert.throws(() => store.close(), /closed/);
});

test('checked refuses a store that ends a call twice, or gives a wrong extent', () => {
  const twice: BlockStore = Object.assign(memory(), {
    flush(done: (error: null) => void) {
      done(null);
      done(null);
    },
    extentAt(_: number, done: (error: null, extent: object) => void) {
      done(null, { position: 512, length: 512, allocated: true });
    },
  });
  assert.throws(() => checked(twice).flush(noop), /once/);
  assert.throws(() => checked(twice).extentAt(0, noop), /begins where/);
});

test('checked lets an extent that was asked for before close arrive after it', async () => {
  const held: (() => void)[] = [];
  const store = checked(delay(memory(), (_, run) => held.push(run)));
  const extent = extentAt(store, 0);
  const closing = store.close();
  held[0]?.();
  assert.deepEqual(await extent, { position: 0, length: 65536, allocated: false });
  await closing;
});

test('delay holds each call until it is told, in the order that it is told', async () => {
  const held = new Map<string, () => void>();
  const store = delay(memory(), ({ kind, position }, run) => held.set(`${kind} ${position}`, run));
  const ended: string[] = [];
  const old = write(store, 0, pattern(512, 1)).then(() => ended.push('old'));
  const newer = write(store, 512, pattern(512, 2)).then(() => ended.push('newer'));
  assert.equal(store.readCached(0, new Uint8Array(512)), false);
  held.get('write 512')?.();
  await newer;
  assert.deepEqual(ended, ['newer']);
  held.get('write 0')?.();
  await old;
  assert.deepEqual(ended, ['newer', 'old']);
});

test('faulty fails the calls that it is told to, without running them', async () => {
  const seen: StoreOperation[] = [];
  const failing = new Set(['write', 'flush', 'unmap', 'writeZeroes', 'extentAt']);
  const store = faulty(memory(), (operation) => {
    seen.push(operation);
    return failing.has(operation.kind) ? 'EIO' : null;
  });
  await assert.rejects(write(store, 512, pattern(1024, 3)), { message: 'EIO' });
  await assert.rejects(flush(store), { message: 'EIO' });
  await assert.rejects(unmap(store, 0, 512), { message: 'EIO' });
  await assert.rejects(writeZeroes(store, 0, 512), { message: 'EIO' });
  await assert.rejects(extentAt(store, 0), { message: 'EIO' });
  assert.deepEqual(await read(store, 512, 1024), new Uint8Array(1024));
  assert.deepEqual(seen[0], { kind: 'write', position: 512, length: 1024 });
  failing.clear();
  await write(store, 512, pattern(1024, 3));
  assert.deepEqual(await read(store, 512, 1024), pattern(1024, 3));
});
