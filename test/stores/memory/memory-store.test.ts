import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../../src/stores/memory/memory-store.ts';
import { extentAt, pattern, unmap, write } from '../calls.ts';

test('a terabyte costs nothing until it is written', async () => {
  const byteLength = 2 ** 40;
  const store = new MemoryStore({ byteLength, blockLength: 4096 });
  await write(store, byteLength - 4096, pattern(4096, 1));
  assert.deepEqual(await extentAt(store, 0), { position: 0, length: byteLength - 4096, allocated: false });
  await unmap(store, 0, byteLength);
  assert.deepEqual(await extentAt(store, 0), { position: 0, length: byteLength, allocated: false });
});

test('mapped blocks are counted one by one', async () => {
  const store = new MemoryStore({ byteLength: 1 << 20, blockLength: 512 });
  await write(store, 1024, pattern(2048, 1));
  await unmap(store, 2048, 512);
  assert.deepEqual(await extentAt(store, 1024), { position: 1024, length: 1024, allocated: true });
  assert.deepEqual(await extentAt(store, 2048), { position: 2048, length: 512, allocated: false });
  assert.deepEqual(await extentAt(store, 2560), { position: 2560, length: 512, allocated: true });
});

test('with later, nothing happens before the call is run', () => {
  const runs: (() => void)[] = [];
  const store = new MemoryStore({ byteLength: 4096, blockLength: 512, later: (run) => runs.push(run) });
  let ended = 0;
  store.write(0, pattern(512, 1), false, () => ended++);
  assert.equal(store.readCached(0, new Uint8Array(512)), false);
  assert.equal(ended, 0);
  runs[0]?.();
  assert.equal(ended, 1);
});
