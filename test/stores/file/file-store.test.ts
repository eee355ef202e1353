import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { openFileStore } from '../../../src/stores/file/file-store.ts';
import { StoreOpenError } from '../../../src/stores/store-open-error.ts';
import { extentAt, flush, grow, pattern, read, spaceOf, unmap, write, writeZeroes } from '../calls.ts';
import {
  fileSystemWithoutHoles,
  makeReadOnly,
  smallFileSystem,
  sparseFile,
  temporaryFolder,
} from '../temporary.ts';

const { disk } = nodeEnv();
const MiB = 1 << 20;
const size = { byteLength: 4 * MiB, blockLength: 512 };

const refusal = (message: RegExp) => (error: unknown) =>
  error instanceof StoreOpenError && message.test(error.message);

test('the file is made sparse, and takes space only as it is written', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  const store = await openFileStore(disk, { path, ...size, create: true });
  assert.equal(statSync(path).size, size.byteLength);
  assert.equal(statSync(path).blocks, 0);
  await write(store, 0, pattern(65536, 1));
  await flush(store);
  assert(statSync(path).blocks * 512 >= 65536);
  await unmap(store, 0, 65536);
  await flush(store);
  assert.equal(statSync(path).blocks, 0);
  assert(store.thin && store.writeCache);
  await store.close();
});

test('a file that exists is opened as it is, and never made again', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  const first = await openFileStore(disk, { path, ...size, create: true });
  await write(first, 4096, pattern(4096, 2));
  await first.close();
  for (const create of [true, false]) {
    const store = await openFileStore(disk, { path, ...size, create });
    assert.deepEqual(await read(store, 4096, 4096), pattern(4096, 2));
    await store.close();
  }
});

test('what can’t serve as the file is refused with what to do', async (t) => {
  const folder = temporaryFolder((undo) => t.after(undo));
  const open = (path: string, create = false) => openFileStore(disk, { path, ...size, create });
  mkdirSync(join(folder, 'folder'));
  await assert.rejects(open(join(folder, 'missing')), refusal(/missing: no such file.*put it back/));
  await assert.rejects(open(join(folder, 'nowhere', 'unit'), true), refusal(/its folder is missing/));
  await assert.rejects(open(join(folder, 'folder')), refusal(/is a folder/));
  await assert.rejects(open('/dev/null'), refusal(/not a regular file/));
  await assert.rejects(
    open(sparseFile(folder, 'short', size.byteLength - 512)),
    refusal(/has 4193792 bytes, but its size is configured as 4194304.*truncate -s 4194304/),
  );
  await assert.rejects(open(sparseFile(folder, 'long', size.byteLength + 1)), refusal(/4194305 bytes/));
  await assert.rejects(
    openFileStore(disk, { path: join(folder, 'odd'), byteLength: 1000, blockLength: 512, create: true }),
    refusal(/not a multiple/),
  );
});

test('a file that another store has open is refused', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  const store = await openFileStore(disk, { path, ...size, create: true });
  await assert.rejects(
    openFileStore(disk, { path, ...size, create: true }),
    refusal(/another process has it open/),
  );
  await store.close();
  await (await openFileStore(disk, { path, ...size, create: false })).close();
});

test('a file that can’t be written is refused', async (t) => {
  const folder = smallFileSystem((undo) => t.after(undo), MiB);
  const path = sparseFile(folder, 'unit.img', size.byteLength);
  makeReadOnly(folder);
  await assert.rejects(openFileStore(disk, { path, ...size, create: false }), refusal(/mounted read-only/));
  await assert.rejects(openFileStore(disk, { path, ...size, create: true }), refusal(/mounted read-only/));
});

test('a file of a read-only unit is read where it can’t be written, and not made', async (t) => {
  const folder = smallFileSystem((undo) => t.after(undo), MiB);
  const path = sparseFile(folder, 'unit.img', size.byteLength);
  makeReadOnly(folder);
  const store = await openFileStore(disk, { path, ...size, create: false, access: 'readOnly' });
  assert(store.thin, 'its holes are told, though it can’t be asked to make one');
  assert.deepEqual(await read(store, 512, 512), new Uint8Array(512));
  await assert.rejects(write(store, 0, pattern(512, 1)));
  await assert.rejects(
    openFileStore(disk, { path, ...size, create: false, access: 'readOnly' }),
    refusal(/another process has it open/),
  );
  await store.close();
});

test('a file in which no hole can be punched makes no thin store, and still writes zeroes', async (t) => {
  const folder = fileSystemWithoutHoles((undo) => t.after(undo));
  const store = await openFileStore(disk, { path: join(folder, 'unit.img'), ...size, create: true });
  assert(!store.thin);
  await write(store, 0, pattern(65536, 1));
  await writeZeroes(store, 4096, 8192);
  assert.deepEqual(await read(store, 0, 65536), pattern(65536, 1).fill(0, 4096, 12288));
  await store.close();
});

test('tells what the file takes and what its file system has left', async (t) => {
  const folder = smallFileSystem((undo) => t.after(undo), 8 * MiB);
  const store = await openFileStore(disk, { path: join(folder, 'unit.img'), ...size, create: true });
  const before = await spaceOf(store);
  assert.equal(before?.usedBytes, 0);
  await write(store, MiB, pattern(MiB, 1));
  const after = await spaceOf(store);
  assert.equal(after?.usedBytes, MiB);
  assert.equal((before?.freeBytes ?? 0) - (after?.freeBytes ?? 0), MiB);
  await unmap(store, MiB, MiB);
  assert.deepEqual(await spaceOf(store), before);
  await store.close();
});

test('grows, sparse and with zeroes, and keeps its length', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  const store = await openFileStore(disk, { path, ...size, create: true });
  await write(store, size.byteLength - 512, pattern(512, 1));
  assert.equal(await grow(store, 8 * MiB), null);
  assert.equal(store.byteLength, 8 * MiB);
  assert.deepEqual(await read(store, size.byteLength - 512, 512), pattern(512, 1));
  assert.deepEqual(await read(store, size.byteLength, 4 * MiB), new Uint8Array(4 * MiB));
  assert.deepEqual(await extentAt(store, size.byteLength), {
    position: size.byteLength,
    length: 4 * MiB,
    allocated: false,
  });
  assert.equal(await grow(store, 8 * MiB), null);
  // Somebody has made it longer than its unit is to be.
  truncateSync(path, 16 * MiB);
  assert.equal(await grow(store, 12 * MiB), 'EINVAL');
  assert.equal(store.byteLength, 8 * MiB);
  assert.equal(await grow(store, 16 * MiB), null);
  await store.close();
  await (await openFileStore(disk, { path, byteLength: 16 * MiB, blockLength: 512, create: false })).close();
});

test('a crash in the middle of making a file leaves nothing that looks like one', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  writeFileSync(`${path}.creating`, 'left behind');
  const store = await openFileStore(disk, { path, ...size, create: true });
  assert.deepEqual(await read(store, 0, 512), new Uint8Array(512));
  await store.close();
  assert.throws(() => statSync(`${path}.creating`), { code: 'ENOENT' });
});

test('a full disk fails the write with ENOSPC, durable or not, and the store stays usable', async (t) => {
  const path = join(
    smallFileSystem((undo) => t.after(undo), MiB),
    'unit.img',
  );
  const store = await openFileStore(disk, { path, ...size, create: true });
  await write(store, 0, pattern(MiB / 2, 3));
  await assert.rejects(write(store, MiB, pattern(MiB, 4)), { message: 'ENOSPC' });
  await assert.rejects(write(store, MiB, pattern(MiB, 4), true), { message: 'ENOSPC' });
  assert.deepEqual(await read(store, 0, MiB / 2), pattern(MiB / 2, 3));
  await unmap(store, 0, 4 * MiB);
  await write(store, 2 * MiB, pattern(MiB / 2, 5), true);
  assert.deepEqual(await read(store, 2 * MiB, MiB / 2), pattern(MiB / 2, 5));
  await store.close();
});

test('extents follow what was written and unmapped', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  const store = await openFileStore(disk, { path, ...size, create: true });
  await write(store, MiB, pattern(MiB, 6));
  await unmap(store, MiB + 65536, 65536);
  const runs = [];
  for (let at = 0; at < size.byteLength; at += runs.at(-1)?.length ?? size.byteLength)
    runs.push(await extentAt(store, at));
  assert.deepEqual(
    runs.map(({ length, allocated }) => [length, allocated]),
    [
      [MiB, false],
      [65536, true],
      [65536, false],
      [MiB - 131072, true],
      [2 * MiB, false],
    ],
  );
  await store.close();
});

test('the bytes that a flush or a durable write covered survive kill -9', async (t) => {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'unit.img',
  );
  const child = spawn(process.execPath, [new URL('./killed-writer.js', import.meta.url).pathname, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  for await (const data of child.stdout) {
    said += data;
    if (said.includes('flushed')) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
  const bytes = readFileSync(path);
  assert(bytes.subarray(0, 65536).equals(pattern(65536, 7)));
  assert(bytes.subarray(MiB, MiB + 4096).equals(pattern(4096, 8)));
});
