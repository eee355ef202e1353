import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Disk, DiskDone, DiskFile } from '../../../src/env/disk.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { DiskLimits } from '../../../src/limits.ts';
import { temporaryFolder } from '../../stores/temporary.ts';
import { eachQueue } from './disk-queue/each-queue.ts';

const LENGTH = 4 << 20;

const folder = (t: TestContext): string => temporaryFolder((undo) => t.after(undo));

async function openNew(t: TestContext, disk: Disk): Promise<{ file: DiskFile; path: string }> {
  const path = join(folder(t), 'file');
  assert(await disk.createFile(path, LENGTH));
  const file = await disk.openFile(path);
  t.after(() => file.close());
  return { file, path };
}

/** The call's error, and whether it came before the call returned. */
async function outcome(call: (done: DiskDone) => void): Promise<{ error: string | null; atOnce: boolean }> {
  let returned = false;
  const ended = new Promise<{ error: string | null; atOnce: boolean }>((resolve) => {
    call((error) => resolve({ error, atOnce: !returned }));
  });
  returned = true;
  return ended;
}

const module = (path: string): string =>
  JSON.stringify(new URL(`../../../src/env/node/${path}`, import.meta.url).href);

for (const [name, queue] of eachQueue()) {
  const { disk, clock } = nodeEnv({ disks: queue });

  test(`${name}: createFile says whether it made the file, and leaves one that is there alone`, async (t) => {
    const path = join(folder(t), 'file');
    assert.equal(await disk.createFile(path, 10_000), true);
    assert.equal(statSync(path).size, 10_000);
    assert.equal(await disk.createFile(path, 20_000), false);
    assert.equal(statSync(path).size, 10_000);
    await assert.rejects(disk.createFile(join(path, 'below'), 1), { code: 'ENOTDIR' });
  });

  test(`${name}: opening refuses with an errno`, async (t) => {
    const here = folder(t);
    writeFileSync(join(here, 'file'), 'x');
    await assert.rejects(disk.openFile(join(here, 'missing')), { code: 'ENOENT' });
    await assert.rejects(disk.openFile(here), { code: 'EISDIR' });
    await assert.rejects(disk.openFile('/dev/null'), { code: 'EINVAL' });
    await assert.rejects(disk.openDevice(join(here, 'file')), { code: 'ENOTBLK' });
  });

  test(`${name}: what was just written is read from the page cache, at once`, async (t) => {
    const { file } = await openNew(t, disk);
    const written = new Uint8Array(8192).fill(5);
    await outcome((done) => file.write(written, 4096, false, done));
    const buffer = new Uint8Array(8192);
    assert.equal(file.readCached(buffer, 4096), 8192);
    assert.deepEqual(buffer, written);
    assert.equal(file.readCached(buffer, LENGTH), 0);
  });

  test(`${name}: a long read that was not all there lets the next ones go elsewhere, and they are as right there`, async (t) => {
    const { file } = await openNew(t, disk);
    const long = DiskLimits.longReadLength;
    const written = Uint8Array.from({ length: long }, (_, at) => at % 251);
    await outcome((done) => file.write(written, 4096, false, done));
    const buffer = new Uint8Array(long);
    assert.equal(file.readCached(buffer, 4096), long);
    assert.equal(file.readCached(buffer, LENGTH), 0, 'behind the end');
    let untried = 0;
    while (file.readCached(buffer.fill(0), 4096) === 0) {
      untried += 1;
      assert.equal((await outcome((done) => file.read(buffer, 4096, done))).error, null);
      assert.deepEqual(buffer, written);
    }
    assert.equal(untried, 16);
    assert.deepEqual(buffer, written);
    assert.equal(file.readCached(buffer.subarray(1), 4096), long - 1, 'short ones are always tried');
  });

  test(`${name}: a read past the end of the file is an error, also when its start is there`, async (t) => {
    const { file, path } = await openNew(t, disk);
    truncateSync(path, 5000);
    const buffer = new Uint8Array(4096);
    assert.equal((await outcome((done) => file.read(buffer, 4096, done))).error, 'EIO');
    assert.equal((await outcome((done) => file.read(buffer, 8192, done))).error, 'EIO');
    assert.equal((await outcome((done) => file.read(buffer, 0, done))).error, null);
  });

  test(`${name}: a write to whole pages runs on the loop; one that is long, or during a flush, in the pool`, async (t) => {
    const { file } = await openNew(t, disk);
    const write = (length: number, position: number) =>
      outcome((done) => file.write(new Uint8Array(length), position, false, done));
    const long = await write(DiskLimits.loopWriteLength + 4096, 0);
    assert.deepEqual(long, { error: null, atOnce: false });
    assert.deepEqual(await write(4096, 0), { error: null, atOnce: true });
    const flushed = outcome((done) => file.flush(done));
    // It begins when the turn ends, for all that this turn wants to have flushed.
    assert.deepEqual(await write(4096, 0), { error: null, atOnce: true });
    const again = outcome((done) => file.flush(done));
    await new Promise<void>((resolve) => clock.endOfTurn(resolve));
    assert.deepEqual(await write(4096, 0), { error: null, atOnce: false });
    assert.deepEqual(await again, { error: null, atOnce: false });
    assert.deepEqual(await flushed, { error: null, atOnce: false });
  });

  test(`${name}: writes that are refused carry their errno`, async (t) => {
    const { file } = await openNew(t, disk);
    for (const length of [4096, DiskLimits.loopWriteLength + 1]) {
      const { error } = await outcome((done) =>
        file.write(new Uint8Array(length), 2 ** 53 - 4096, false, done),
      );
      assert.equal(error, 'EFBIG');
    }
  });

  test(`${name}: zeroes and holes read as zeroes, and extents show the holes`, async (t) => {
    const { file } = await openNew(t, disk);
    assert(file.discardZeroes);
    await outcome((done) => file.write(new Uint8Array(1 << 20).fill(1), 0, false, done));
    assert.equal((await outcome((done) => file.discard(65536, 65536, done))).error, null);
    assert.equal((await outcome((done) => file.writeZeroes(512, 1024, done))).error, null);
    const buffer = new Uint8Array(131072);
    await outcome((done) => file.read(buffer, 0, done));
    const expected = new Uint8Array(131072).fill(1).fill(0, 65536).fill(0, 512, 1536);
    assert.deepEqual(buffer, expected);
    const extents: unknown[] = [];
    for (const position of [65536, 131072, 2 << 20]) {
      await outcome((done) =>
        file.extentAt(position, (error, extent) => {
          extents.push(extent);
          done(error);
        }),
      );
    }
    assert.deepEqual(extents, [
      { position: 65536, length: 65536, allocated: false },
      { position: 131072, length: (1 << 20) - 131072, allocated: true },
      { position: 2 << 20, length: LENGTH - (2 << 20), allocated: false },
    ]);
  });

  test(`${name}: an exception in a callback is not swallowed, whichever way the call went`, async (t) => {
    const here = folder(t);
    const calls = [
      'read(new Uint8Array(512), 0, bug)',
      'flush(bug)',
      'discard(0, 4096, bug)',
      'extentAt(0, bug)',
    ];
    await Promise.all(
      calls.map(async (call, at) => {
        const script = `
        import { nodeEnv } from ${module('node-env.js')};
        import { openDiskQueue } from ${module('disk-queue/open-disk-queue.js')};
        const { disk } = nodeEnv({ disks: openDiskQueue('${name}').queue });
        await disk.createFile('${here}/${at}', 4096);
        const file = await disk.openFile('${here}/${at}');
        const bug = () => { throw new Error('our own bug'); };
        setInterval(() => {}, 1000);
        file.${call};`;
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          stdio: ['ignore', 'ignore', 'pipe'],
        });
        let stderr = '';
        child.stderr.on('data', (data) => {
          stderr += data;
        });
        const [code] = await once(child, 'close');
        assert.notEqual(code, 0, call);
        assert.match(stderr, /our own bug/, call);
      }),
    );
  });
}
