import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AlignedQueue } from '../../../../src/env/node/disk-queue/aligned-queue.ts';
import type { CallDone, DiskQueue } from '../../../../src/env/node/disk-queue/disk-queue.ts';
import { alignedBytes, isAligned } from '../../../../src/sys/aligned-memory.ts';

/** A medium of 64 KiB that refuses memory at other addresses, as O_DIRECT does, and does at most `most` bytes a call. */
function strictQueue(alignment: number, most = 65_536) {
  const medium = new Uint8Array(65_536);
  const buffers: Uint8Array[] = [];
  const call = (buffer: Uint8Array, done: CallDone, act: (length: number) => void): void => {
    buffers.push(buffer);
    if (!isAligned(buffer, alignment)) return done(-22);
    const length = Math.min(buffer.length, most);
    act(length);
    done(length);
  };
  const queue: DiskQueue = {
    read: (_, buffer, position, _readsAhead, done) =>
      call(buffer, done, (length) => buffer.set(medium.subarray(position, position + length))),
    write: (_, buffer, position, done) =>
      call(buffer, done, (length) => medium.set(buffer.subarray(0, length), position)),
    flush: (_, done) => done(0),
    allocate: (_fd, _mode, _position, _length, done) => done(0),
  };
  return { queue, medium, buffers };
}

for (const alignment of [4, 512, 4096]) {
  test(`memory at a multiple of ${alignment} is given on as it is`, () => {
    const { queue, buffers } = strictQueue(alignment);
    const buffer = alignedBytes(8192, alignment);
    const aligned = new AlignedQueue(queue, alignment);
    aligned.write(0, buffer, 0, (length) => assert.equal(length, 8192));
    aligned.read(0, buffer, 0, false, (length) => assert.equal(length, 8192));
    assert(buffers.every((one) => one === buffer));
  });

  test(`memory at no multiple of ${alignment} is written and read all the same`, () => {
    const { queue, medium } = strictQueue(alignment);
    const aligned = new AlignedQueue(queue, alignment);
    const bytes = alignedBytes(8193, alignment).subarray(1).fill(7);
    aligned.write(0, bytes, 512, (length) => assert.equal(length, 8192));
    assert(medium.subarray(512, 8704).every((byte) => byte === 7));
    const buffer = alignedBytes(4097, alignment).subarray(1);
    aligned.read(0, buffer, 512, false, (length) => assert.equal(length, 4096));
    assert(buffer.every((byte) => byte === 7));
  });
}

test('a read that gives less than all, or fails, leaves the rest of the buffer alone', () => {
  const { queue } = strictQueue(512, 1024);
  const aligned = new AlignedQueue(queue, 512);
  const buffer = alignedBytes(4097).subarray(1).fill(9);
  aligned.read(0, buffer, 0, false, (length) => assert.equal(length, 1024));
  assert(
    buffer.subarray(0, 1024).every((byte) => byte === 0) && buffer.subarray(1024).every((byte) => byte === 9),
  );
  const failing: DiskQueue = { ...queue, read: (_fd, _buffer, _position, _readsAhead, done) => done(-5) };
  new AlignedQueue(failing, 512).read(0, buffer.fill(9), 0, false, (length) => assert.equal(length, -5));
  assert(buffer.every((byte) => byte === 9));
});
