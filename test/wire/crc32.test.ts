import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as zlib } from 'node:zlib';
import fc from 'fast-check';
import { checksum32 } from '../../src/sys/crc32.ts';
import { crc32 } from '../../src/wire/crc32.ts';

for (const [name, sum] of [
  ['wire/crc32', crc32],
  ['sys/crc32', checksum32],
] as const) {
  test(`${name}: equals zlib's for any bytes, in one piece and in two`, () => {
    const property = fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(500), (bytes, cut) => {
      assert.equal(sum(bytes), zlib(bytes));
      assert.equal(sum(bytes.subarray(cut), sum(bytes.subarray(0, cut))), zlib(bytes));
    });
    fc.assert(property, { seed: 1 });
  });
}
