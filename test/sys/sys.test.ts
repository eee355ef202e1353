import assert from 'node:assert/strict';
import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FallocateMode, fallocateInPool } from '../../src/sys/fallocate.ts';
import { lockExclusively } from '../../src/sys/flock.ts';
import { involuntarySwitches } from '../../src/sys/getrusage.ts';
import { deviceBlockLength, deviceByteLength, deviceIsReadOnly } from '../../src/sys/ioctl.ts';
import { errnoName, type SysDone } from '../../src/sys/libc.ts';
import { seekData, seekHole } from '../../src/sys/lseek.ts';
import { readNowait } from '../../src/sys/preadv2.ts';
import { temporaryFolder } from '../stores/temporary.ts';

function file(t: TestContext): { path: string; fd: number } {
  const path = join(
    temporaryFolder((undo) => t.after(undo)),
    'file',
  );
  const fd = openSync(path, 'w+');
  t.after(() => closeSync(fd));
  return { path, fd };
}

const result = (call: (done: SysDone) => void): Promise<number> => new Promise(call);
const failsAs = (negative: number, name: string): void => {
  assert(negative < 0);
  assert.equal(errnoName(negative), name);
};
const NO_FD = 1 << 20;

test('preadv2 reads what is cached into any part of a buffer, and nothing around it', (t) => {
  const { fd } = file(t);
  writeSync(
    fd,
    Uint8Array.from({ length: 10_000 }, (_, at) => at & 0xff),
  );
  const whole = new Uint8Array(3000);
  assert.equal(readNowait(fd, whole.subarray(1000, 2000), 500), 1000);
  assert.deepEqual(
    whole,
    Uint8Array.from({ length: 3000 }, (_, at) => (at >= 1000 && at < 2000 ? (at - 500) & 0xff : 0)),
  );
  assert.equal(readNowait(fd, whole, 9000), 1000);
  assert.equal(readNowait(fd, whole, 10_000), 0);
  const tiny = new Uint8Array(3);
  assert.equal(readNowait(fd, tiny, 1), 3);
  assert.deepEqual(tiny, Uint8Array.of(1, 2, 3));
});

test('a failed call gives its errno', async (t) => {
  const { path, fd } = file(t);
  ftruncateSync(fd, 8192);
  const readOnly = openSync(path, 'r');
  failsAs(readNowait(NO_FD, new Uint8Array(1), 0), 'EBADF');
  failsAs(await result((done) => fallocateInPool(readOnly, FallocateMode.punchHole, 0, 4096, done)), 'EBADF');
  failsAs(await result((done) => fallocateInPool(fd, FallocateMode.zeroRange, 0, 0, done)), 'EINVAL');
  failsAs(await result((done) => seekData(fd, 8192, done)), 'ENXIO');
  failsAs(deviceByteLength(fd), 'ENOTTY');
  failsAs(deviceBlockLength(fd), 'ENOTTY');
  failsAs(deviceIsReadOnly(fd), 'ENOTTY');
  failsAs(lockExclusively(NO_FD), 'EBADF');
  closeSync(readOnly);
});

test('many calls in the pool at once keep their results apart', async (t) => {
  const { path, fd } = file(t);
  ftruncateSync(fd, 1 << 20);
  const readOnly = openSync(path, constants.O_RDONLY);
  const results = await Promise.all(
    Array.from({ length: 40 }, (_, at) =>
      result((done) =>
        fallocateInPool(at % 2 === 0 ? fd : readOnly, FallocateMode.punchHole, 4096 * at, 4096, done),
      ),
    ),
  );
  results.forEach((value, at) => {
    if (at % 2 === 0) assert.equal(value, 0);
    else failsAs(value, 'EBADF');
  });
  closeSync(readOnly);
});

test('holes and data are told apart', async (t) => {
  const { fd } = file(t);
  ftruncateSync(fd, 1 << 20);
  writeSync(fd, new Uint8Array(65536).fill(1), 0, 65536, 131072);
  assert.equal(await result((done) => seekData(fd, 0, done)), 131072);
  assert.equal(await result((done) => seekHole(fd, 131072, done)), 131072 + 65536);
  assert.equal(await result((done) => seekHole(fd, 0, done)), 0);
});

test('a lock belongs to one open of a file at a time', (t) => {
  const { path, fd } = file(t);
  const other = openSync(path, 'r+');
  assert.equal(lockExclusively(fd), 0);
  failsAs(lockExclusively(other), 'EAGAIN');
  closeSync(other);
});

test('switches of this thread against its will are counted as the kernel shows them', () => {
  const shown = () => {
    const status = readFileSync(`/proc/self/task/${process.pid}/status`, 'utf8');
    return Number(status.match(/^nonvoluntary_ctxt_switches:\s+(\d+)$/m)?.[1]);
  };
  const before = shown();
  const counted = involuntarySwitches();
  assert(before <= counted && counted <= shown());
});
