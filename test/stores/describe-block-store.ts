/** What every BlockStore does: one suite for all of them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { BlockStore } from '../../src/stores/block-store.ts';
import { extentAt, flush, pattern, read, unmap, write, writeZeroes } from './calls.ts';

export const STORE_BYTES = 1 << 20;
export const STORE_BLOCK = 512;

/** `open` makes an empty store of STORE_BYTES in blocks of STORE_BLOCK. The suite closes it. */
export function describeBlockStore(name: string, open: (t: TestContext) => Promise<BlockStore>): void {
  const storeTest = (what: string, body: (store: BlockStore) => Promise<void>): void => {
    test(`${name}: ${what}`, async (t) => {
      const store = await open(t);
      await body(store);
      await store.close();
    });
  };

  storeTest('has the size that was asked for', async (store) => {
    assert.equal(store.byteLength, STORE_BYTES);
    assert.equal(store.blockLength, STORE_BLOCK);
  });

  storeTest('reads zeroes where nothing was written', async (store) => {
    assert.deepEqual(await read(store, STORE_BYTES - 4096, 4096), new Uint8Array(4096));
  });

  storeTest('reads what was written, and nothing around it changes', async (store) => {
    const bytes = pattern(3 * STORE_BLOCK, 1);
    await write(store, 5 * STORE_BLOCK, bytes);
    const around = await read(store, 4 * STORE_BLOCK, 5 * STORE_BLOCK);
    assert.deepEqual(around.subarray(STORE_BLOCK, 4 * STORE_BLOCK), bytes);
    assert.deepEqual(around.subarray(0, STORE_BLOCK), new Uint8Array(STORE_BLOCK));
    assert.deepEqual(around.subarray(4 * STORE_BLOCK), new Uint8Array(STORE_BLOCK));
  });

  storeTest('writes the first and the last block', async (store) => {
    const last = STORE_BYTES - STORE_BLOCK;
    await write(store, 0, pattern(STORE_BLOCK, 2), true);
    await write(store, last, pattern(STORE_BLOCK, 3), true);
    assert.deepEqual(await read(store, 0, STORE_BLOCK), pattern(STORE_BLOCK, 2));
    assert.deepEqual(await read(store, last, STORE_BLOCK), pattern(STORE_BLOCK, 3));
  });

  storeTest('a cached read gives the same bytes as a read, or declines', async (store) => {
    await write(store, 8192, pattern(8192, 4));
    const buffer = new Uint8Array(8192);
    if (store.readCached(8192, buffer)) assert.deepEqual(buffer, pattern(8192, 4));
  });

  storeTest('many calls at once all end, each once', async (store) => {
    const writes = Array.from({ length: 64 }, (_, at) =>
      write(store, at * 4096, pattern(4096, at), at % 8 === 0),
    );
    await Promise.all([...writes, flush(store), flush(store)]);
    for (let at = 0; at < 64; at++) assert.deepEqual(await read(store, at * 4096, 4096), pattern(4096, at));
  });

  storeTest('unmapped and zeroed blocks read as zeroes, to the block', async (store) => {
    await write(store, 0, pattern(65536, 5));
    await unmap(store, 4096 + STORE_BLOCK, 12288);
    await writeZeroes(store, 32768, 3 * STORE_BLOCK);
    const expected = pattern(65536, 5);
    expected.fill(0, 4096 + STORE_BLOCK, 4096 + STORE_BLOCK + 12288);
    expected.fill(0, 32768, 32768 + 3 * STORE_BLOCK);
    assert.deepEqual(await read(store, 0, 65536), expected);
  });

  storeTest(
    'extents cover the store in whole blocks, and what they call unmapped reads as zeroes',
    async (store) => {
      await write(store, 65536, pattern(65536, 6));
      await unmap(store, 81920, 16384);
      let position = 0;
      let wasMapped = false;
      while (position < STORE_BYTES) {
        const extent = await extentAt(store, position);
        assert.equal(extent.position, position);
        assert(extent.length > 0 && extent.length % STORE_BLOCK === 0);
        if (position <= 65536 && position + extent.length > 65536) wasMapped = extent.allocated;
        if (!extent.allocated)
          assert((await read(store, position, extent.length)).every((byte) => byte === 0));
        position += extent.length;
      }
      assert.equal(position, STORE_BYTES);
      assert(wasMapped, 'a written block is mapped');
    },
  );

  storeTest('does what an array of bytes does, in any sequence of calls', async (store) => {
    const model = new Uint8Array(STORE_BYTES);
    const call = fc.record({
      kind: fc.constantFrom('write', 'durable', 'unmap', 'zero', 'flush' as const),
      block: fc.nat(STORE_BYTES / STORE_BLOCK - 129),
      blocks: fc.integer({ min: 1, max: 128 }),
      seed: fc.nat(255),
    });
    const property = fc.asyncProperty(fc.array(call, { maxLength: 12 }), async (calls) => {
      for (const { kind, block, blocks, seed } of calls) {
        const position = block * STORE_BLOCK;
        const length = blocks * STORE_BLOCK;
        const bytes = pattern(length, seed);
        if (kind === 'flush') await flush(store);
        else if (kind === 'unmap') await unmap(store, position, length);
        else if (kind === 'zero') await writeZeroes(store, position, length);
        else await write(store, position, bytes, kind === 'durable');
        if (kind === 'unmap' || kind === 'zero') model.fill(0, position, position + length);
        else if (kind !== 'flush') model.set(bytes, position);
      }
      assert(Buffer.from(model).equals(await read(store, 0, STORE_BYTES)));
    });
    await fc.assert(property, { numRuns: 25, seed: 1 });
  });

  storeTest('close waits for what is running', async (store) => {
    const ended: string[] = [];
    const writing = write(store, 0, pattern(STORE_BYTES, 7), true).then(() => ended.push('write'));
    const closing = store.close().then(() => ended.push('close'));
    await Promise.all([writing, closing]);
    assert.deepEqual(ended, ['write', 'close']);
    store.close = async () => {};
  });
}
