/** Writes to a file store, says "flushed", and goes on writing elsewhere until it is killed. For file-store.test.ts. */
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { openFileStore } from '../../../src/stores/file/file-store.ts';
import { flush, pattern, write } from '../calls.ts';

const MiB = 1 << 20;
const path = process.argv[2] ?? '';
const store = await openFileStore(nodeEnv().disk, {
  path,
  byteLength: 4 * MiB,
  blockLength: 512,
  create: true,
});
await write(store, 0, pattern(65536, 7));
await flush(store);
await write(store, MiB, pattern(4096, 8), true);
process.stdout.write('flushed\n');
for (let seed = 0; ; seed++) {
  await write(store, 2 * MiB, pattern(65536, seed));
  await new Promise(setImmediate);
}
