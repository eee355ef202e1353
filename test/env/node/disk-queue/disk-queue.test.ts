import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DiskLimits } from '../../../../src/limits.ts';
import { FallocateMode } from '../../../../src/sys/fallocate.ts';
import { errnoName } from '../../../../src/sys/libc.ts';
import { temporaryFolder } from '../../../stores/temporary.ts';
import { eachQueue } from './each-queue.ts';

function file(t: TestContext, flags = 'w+'): number {
  const fd = openSync(
    join(
      temporaryFolder((undo) => t.after(undo)),
      'file',
    ),
    flags,
  );
  t.after(() => closeSync(fd));
  return fd;
}

const result = (call: (done: (result: number) => void) => void): Promise<number> => new Promise(call);
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

for (const [name, queue] of eachQueue()) {
  test(`${name}: what was written is read, and a read past the end gives what there is`, async (t) => {
    const fd = file(t);
    assert.equal(await result((done) => queue.write(fd, filled(8192, 7), 4096, done)), 8192);
    assert.equal(await result((done) => queue.flush(fd, done)), 0);
    const buffer = filled(16384, 1);
    assert.equal(await result((done) => queue.read(fd, buffer, 0, false, done)), 12288);
    assert.deepEqual(buffer.subarray(0, 12288), Uint8Array.from([...filled(4096, 0), ...filled(8192, 7)]));
    assert.deepEqual(buffer.subarray(12288), filled(4096, 1));
    assert.equal(await result((done) => queue.read(fd, buffer, 12288, false, done)), 0);
  });

  test(`${name}: positions beyond 32 bits, and a part of a buffer`, async (t) => {
    const fd = file(t);
    const far = 2 ** 33 + 512;
    const bytes = Uint8Array.from({ length: 3000 }, (_, at) => at & 0xff);
    assert.equal(await result((done) => queue.write(fd, bytes.subarray(1000, 1512), far, done)), 512);
    const buffer = filled(3000, 9);
    assert.equal(await result((done) => queue.read(fd, buffer.subarray(700, 1212), far, false, done)), 512);
    assert.deepEqual(buffer.subarray(700, 1212), bytes.subarray(1000, 1512));
    assert.deepEqual(buffer.subarray(0, 700), filled(700, 9));
    assert.deepEqual(buffer.subarray(1212), filled(1788, 9));
  });

  test(`${name}: a hole reads as zeroes`, async (t) => {
    const fd = file(t);
    await result((done) => queue.write(fd, filled(65_536, 3), 0, done));
    const punch = (position: number, length: number): Promise<number> =>
      result((done) => queue.allocate(fd, FallocateMode.punchHole, position, length, done));
    assert.equal(await punch(4096, 8192), 0);
    const buffer = filled(16_384, 1);
    assert.equal(await result((done) => queue.read(fd, buffer, 0, false, done)), 16_384);
    assert.deepEqual(buffer, filled(16_384, 3).fill(0, 4096, 12_288));
  });

  test(`${name}: a failed call gives its errno`, async (t) => {
    const readOnly = openSync('/dev/null', 'r');
    t.after(() => closeSync(readOnly));
    const bytes = new Uint8Array(512);
    assert.equal(errnoName(await result((done) => queue.read(1 << 20, bytes, 0, false, done))), 'EBADF');
    assert.equal(errnoName(await result((done) => queue.write(readOnly, bytes, 0, done))), 'EBADF');
    assert.equal(errnoName(await result((done) => queue.flush(1 << 20, done))), 'EBADF');
    const nothing = FallocateMode.zeroRange;
    assert.equal(errnoName(await result((done) => queue.allocate(file(t), nothing, 0, 0, done))), 'EINVAL');
  });

  test(`${name}: more calls at once than it has places for keep their results apart`, async (t) => {
    const fd = file(t);
    const calls = 5 * DiskLimits.ringSubmissions;
    ftruncateSync(fd, 4096 * calls);
    const written = Array.from({ length: calls }, (_, at) =>
      result((done) => queue.write(fd, filled(512, at & 0xff), 4096 * at, done)),
    );
    assert.deepEqual(await Promise.all(written), new Array(calls).fill(512));
    const buffers = Array.from({ length: calls }, () => new Uint8Array(512));
    const read = buffers.map((buffer, at) =>
      result((done) => queue.read(fd, buffer, 4096 * at, false, done)),
    );
    assert.deepEqual(await Promise.all(read), new Array(calls).fill(512));
    for (const [at, buffer] of buffers.entries()) assert.deepEqual(buffer, filled(512, at & 0xff));
  });

  test(`${name}: is never done before the call returns, and a call from inside one is done too`, async (t) => {
    const fd = file(t);
    let returned = false;
    const first = result((done) =>
      queue.write(fd, filled(512, 1), 0, (length) => {
        assert(returned);
        queue.read(fd, new Uint8Array(512), 0, false, (second) => done(length + second));
      }),
    );
    returned = true;
    assert.equal(await first, 1024);
  });
}

const module = (path: string): string =>
  JSON.stringify(new URL(`../../../../src/${path}`, import.meta.url).href);

test('a process with io_uring ends when nothing is under way, and not before', async () => {
  const script = `
    import { openSync } from 'node:fs';
    import { openDiskQueue } from ${module('env/node/disk-queue/open-disk-queue.js')};
    const { queue } = openDiskQueue('io_uring');
    const fd = openSync(process.execPath, 'r');
    queue.read(fd, new Uint8Array(4096), 0, false, () => queue.flush(fd, () => process.stdout.write('done')));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  child.stdout.on('data', (bytes) => {
    said += String(bytes);
  });
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(said, 'done');
});
