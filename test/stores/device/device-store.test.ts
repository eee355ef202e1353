import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { openDeviceStore } from '../../../src/stores/device/device-store.ts';
import { StoreOpenError } from '../../../src/stores/store-open-error.ts';
import { extentAt, flush, grow, pattern, read, spaceOf, unmap, write, writeZeroes } from '../calls.ts';
import {
  fileSystemWithoutHoles,
  loopDevice,
  noticeGrowth,
  sparseFile,
  temporaryFolder,
} from '../temporary.ts';

const { disk } = nodeEnv();
const MiB = 1 << 20;
const size = { byteLength: 4 * MiB, blockLength: 512 };

const refusal = (message: RegExp) => (error: unknown) =>
  error instanceof StoreOpenError && message.test(error.message);

/** A loop device and the file behind it. */
function device(t: TestContext, ...options: string[]): { path: string; medium: string } {
  return deviceIn(t, temporaryFolder, ...options);
}

/** Its medium in a folder of this kind. */
function deviceIn(t: TestContext, makeFolder: typeof temporaryFolder, ...options: string[]) {
  const undos: (() => void)[] = [];
  t.after(() => {
    for (const undo of undos.reverse()) undo();
  });
  const after = (undo: () => void): void => void undos.push(undo);
  const medium = sparseFile(makeFolder(after), 'medium.img', size.byteLength);
  return { path: loopDevice(after, medium, ...options), medium };
}

function writeAt(path: string, position: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, position);
  closeSync(fd);
}

test('a flush brings what was written to the device itself', async (t) => {
  const { path, medium } = device(t);
  const store = await openDeviceStore(disk, { path, ...size });
  await write(store, MiB, pattern(65536, 1));
  await flush(store);
  assert(
    readFileSync(medium)
      .subarray(MiB, MiB + 65536)
      .equals(pattern(65536, 1)),
  );
  await write(store, 2 * MiB, pattern(512, 2), true);
  assert(
    readFileSync(medium)
      .subarray(2 * MiB, 2 * MiB + 512)
      .equals(pattern(512, 2)),
  );
  await store.close();
});

test('past the page cache a write is on the device before it is flushed, and a read comes from there', async (t) => {
  const { path, medium } = device(t);
  const store = await openDeviceStore(disk, { path, ...size, direct: true });
  await write(store, MiB, pattern(65536, 1));
  const onMedium = readFileSync(medium).subarray(MiB, MiB + 65536);
  assert(onMedium.equals(pattern(65536, 1)));
  assert.equal(store.readCached(MiB, new Uint8Array(4096)), false);
  writeAt(medium, MiB, pattern(4096, 2));
  assert.deepEqual(await read(store, MiB, 4096), pattern(4096, 2));
  await store.close();
});

test('past the page cache, any address of memory will do', async (t) => {
  const { path } = device(t);
  const store = await openDeviceStore(disk, { path, ...size, direct: true });
  const written = pattern(4096 + 512 + 1, 3).subarray(1);
  await write(store, 512, written);
  const buffer = new Uint8Array(written.length + 7).subarray(7);
  await new Promise<void>((resolve, reject) =>
    store.read(512, buffer, (error) => (error === null ? resolve() : reject(new Error(error)))),
  );
  assert.deepEqual(buffer, Uint8Array.from(written));
  await store.close();
});

test('unmapping frees space on the device, and the blocks read as zeroes', async (t) => {
  const { path, medium } = device(t);
  const store = await openDeviceStore(disk, { path, ...size });
  assert(store.thin);
  await write(store, 0, pattern(MiB, 3));
  await flush(store);
  const before = statSync(medium).blocks;
  await unmap(store, 0, MiB);
  await flush(store);
  assert(statSync(medium).blocks <= before - MiB / 512);
  assert.deepEqual(await read(store, 0, MiB), new Uint8Array(MiB));
  assert.deepEqual(await extentAt(store, 0), { position: 0, length: size.byteLength, allocated: true });
  await store.close();
});

test('a device that can’t discard makes no thin store, and still writes zeroes', async (t) => {
  const { path } = deviceIn(t, fileSystemWithoutHoles);
  const store = await openDeviceStore(disk, { path, ...size });
  assert(!store.thin);
  await write(store, 0, pattern(MiB, 3));
  await writeZeroes(store, 4096, MiB - 8192);
  const expected = pattern(MiB, 3);
  expected.fill(0, 4096, MiB - 4096);
  assert.deepEqual(await read(store, 0, MiB), expected);
  await store.close();
});

test('a unit may be smaller than its device, not larger', async (t) => {
  const { path } = device(t);
  await (await openDeviceStore(disk, { path, byteLength: MiB, blockLength: 512 })).close();
  await assert.rejects(
    openDeviceStore(disk, { path, byteLength: 8 * MiB, blockLength: 512 }),
    refusal(/has 4194304 bytes, but the size is configured as 8388608/),
  );
});

test('a unit’s blocks are whole blocks of its device', async (t) => {
  const { path } = device(t, '--sector-size', '4096');
  await assert.rejects(
    openDeviceStore(disk, { path, ...size }),
    refusal(/blocks of 4096 bytes, and the unit's are 512/),
  );
  const store = await openDeviceStore(disk, { path, ...size, blockLength: 4096 });
  await write(store, 4096, pattern(4096, 4), true);
  assert.deepEqual(await read(store, 4096, 4096), pattern(4096, 4));
  await store.close();
});

test('what can’t serve as the device is refused with what to do', async (t) => {
  const folder = temporaryFolder((undo) => t.after(undo));
  const open = (path: string) => openDeviceStore(disk, { path, ...size });
  await assert.rejects(open(join(folder, 'missing')), refusal(/no such device/));
  await assert.rejects(open(sparseFile(folder, 'file', MiB)), refusal(/not a block device.*file = /));
  await assert.rejects(open('/dev/null'), refusal(/not a block device/));
});

test('a device does not tell what is free on it', async (t) => {
  const store = await openDeviceStore(disk, { path: device(t).path, ...size });
  assert.equal(await spaceOf(store), null);
  await store.close();
});

test('a unit grows once its device has grown', async (t) => {
  const { path, medium } = device(t);
  const store = await openDeviceStore(disk, { path, ...size });
  assert.equal(await grow(store, 8 * MiB), 'ENOSPC');
  assert.equal(store.byteLength, size.byteLength);
  truncateSync(medium, 8 * MiB);
  noticeGrowth(path);
  assert.equal(await grow(store, 8 * MiB), null);
  await write(store, 8 * MiB - 512, pattern(512, 1), true);
  assert.deepEqual(await read(store, 8 * MiB - 512, 512), pattern(512, 1));
  await store.close();
});

test('a device that is in use is refused', async (t) => {
  const { path } = device(t);
  const store = await openDeviceStore(disk, { path, ...size });
  await assert.rejects(openDeviceStore(disk, { path, ...size }), refusal(/is in use/));
  await store.close();
});

test('a device that can only be read is refused, unless the unit is', async (t) => {
  const { path } = device(t, '--read-only');
  await assert.rejects(openDeviceStore(disk, { path, ...size }), refusal(/read-only/));
  const store = await openDeviceStore(disk, { path, ...size, access: 'readOnly' });
  assert.equal((await read(store, 0, MiB)).length, MiB);
  await store.close();
});
