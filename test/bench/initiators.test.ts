import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseIscsiPerf } from '../../bench/initiators/iscsi-perf.ts';
import { parseQemuImg } from '../../bench/initiators/qemu-img.ts';

const ISCSI_PERF = [
  'performing RANDOM READ with 32 parallel requests\nFIXED transfer size of 8 blocks (4096 byte)\n\n',
  '00:00:01 - lba 35053, iops current 38341 (149 MB/s), iops average 38062 (148 MB/s), in_flight 32, busy 0   ',
  'iops average 39292 (153 MB/s)        \n\nfinished.\n',
].join('\r');

test('iscsi-perf: the average at the end counts, not those on the way', () => {
  assert.deepEqual(parseIscsiPerf(ISCSI_PERF, 4096, 3), { commands: 3 * 39292, seconds: 3 });
});

test('iscsi-perf: a unit with other blocks than expected is no result', () => {
  assert.throws(() => parseIscsiPerf(ISCSI_PERF, 32768, 3), /did not read 32768 bytes at a time/);
});

test('iscsi-perf: output without a summary is no result', () => {
  assert.throws(() => parseIscsiPerf('FIXED transfer size of 8 blocks (4096 byte)\n', 4096, 3), /no result/);
});

test('qemu-img bench: the seconds of its summary', () => {
  assert.equal(
    parseQemuImg('Sending 60000 write requests, 4096 bytes each\nRun completed in 1.335 seconds.\n'),
    1.335,
  );
  assert.throws(() => parseQemuImg('qemu-img: Could not open\n'), /no result/);
});
