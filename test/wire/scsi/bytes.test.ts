import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { putU16, putU24, putU32, putU64, u16, u24, u32, u64 } from '../../../src/wire/scsi/bytes.ts';

describe('big-endian fields', () => {
  test('are what DataView reads and writes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 9, maxLength: 9 }), (bytes) => {
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        assert.equal(u16(bytes, 1), view.getUint16(1));
        assert.equal(u24(bytes, 1), view.getUint32(0) & 0xff_ffff);
        assert.equal(u32(bytes, 1), view.getUint32(1));
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const bytes = new Uint8Array(8);
        putU64(bytes, 0, value);
        assert.equal(new DataView(bytes.buffer).getBigUint64(0), BigInt(value));
        assert.equal(u64(bytes, 0), value);
      }),
    );
  });

  test('shorter fields survive', () => {
    const bytes = new Uint8Array(8);
    putU16(bytes, 0, 0xfedc);
    putU24(bytes, 2, 0xfedcba);
    assert.deepEqual([u16(bytes, 0), u24(bytes, 2)], [0xfedc, 0xfedcba]);
    putU32(bytes, 0, 0xfedcba98);
    assert.equal(u32(bytes, 0), 0xfedcba98);
  });

  test('from 2^53 on a number is out of every range', () => {
    const bytes = new Uint8Array(8);
    bytes[1] = 0x20;
    assert.equal(u64(bytes, 0), Number.POSITIVE_INFINITY);
    assert.equal(u64(bytes.fill(0xff), 0), Number.POSITIVE_INFINITY);
    bytes[0] = 0;
    bytes[1] = 0x1f;
    assert.equal(u64(bytes, 0), Number.MAX_SAFE_INTEGER);
  });
});
