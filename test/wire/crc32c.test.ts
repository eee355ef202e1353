import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checksum } from '../../src/sys/crc32c.ts';
import { crc32c } from '../../src/wire/crc32c.ts';

/** A bit at a time, straight from the polynomial. */
function naive(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** RFC 3720 B.4, whose digests are in the order of the wire: the low byte first. */
const examples: readonly [string, Uint8Array, number][] = [
  ['32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 bytes of incrementing 00..1f', Uint8Array.from({ length: 32 }, (_, at) => at), 0x46dd794e],
  ['32 bytes of decrementing 1f..00', Uint8Array.from({ length: 32 }, (_, at) => 31 - at), 0x113fdb5c],
  [
    'an iSCSI SCSI Read (10) Command PDU',
    Uint8Array.from(
      Buffer.from(
        '01c00000000000000000000000000000140000000000040000000014000000182800000000000000' +
          '0200000000000000',
        'hex',
      ),
    ),
    0xd9963a56,
  ],
];

for (const [name, sum] of [
  ['wire/crc32c', crc32c],
  ['sys/crc32c', checksum],
] as const) {
  for (const [what, bytes, expected] of examples)
    test(`${name}: RFC 3720 B.4: ${what}`, () => assert.equal(sum(bytes), expected));

  test(`${name}: equals its naive twin for any bytes, at any alignment`, () => {
    const property = fc.property(fc.uint8Array({ maxLength: 700 }), fc.nat(15), (bytes, skip) => {
      const part = bytes.subarray(Math.min(skip, bytes.length));
      assert.equal(sum(part), naive(part));
    });
    fc.assert(property, { seed: 1 });
  });

  test(`${name}: a seed continues a checksum`, () => {
    const property = fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(500), (bytes, cut) => {
      assert.equal(sum(bytes.subarray(cut), sum(bytes.subarray(0, cut))), naive(bytes));
    });
    fc.assert(property, { seed: 1 });
  });
}
