import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatSize, parseSize } from '../../../src/daemon/config/size.ts';

test('sizes are whole numbers of bytes or of binary units', () => {
  assert.equal(parseSize('1GiB'), 2 ** 30);
  assert.equal(parseSize('512 MiB'), 2 ** 29);
  assert.equal(parseSize('4096'), 4096);
  assert.equal(parseSize(4096), 4096);
  for (const wrong of [
    '1GB',
    '1gib',
    '1.5GiB',
    '-1',
    '0',
    '',
    'GiB',
    '1  GiB',
    '9007199254740992',
    1.5,
    -1,
    NaN,
  ]) {
    assert.equal(parseSize(wrong), null, String(wrong));
  }
});

test('a size that is written can be read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      assert.equal(parseSize(formatSize(bytes)), bytes);
    }),
  );
  assert.equal(formatSize(2 ** 30), '1GiB');
  assert.equal(formatSize(3 * 2 ** 29), '1536MiB');
});
