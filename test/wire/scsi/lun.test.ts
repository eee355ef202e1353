import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeLun, encodeLun, MAX_LUN } from '../../../src/wire/scsi/lun.ts';

describe('LUN', () => {
  test('every number survives its bytes', () => {
    const bytes = new Uint8Array(10);
    for (let lun = 0; lun <= MAX_LUN; lun += 1) {
      encodeLun(lun, bytes, 1);
      assert.equal(decodeLun(bytes, 1), lun);
    }
  });

  test('small numbers are written as peripheral and read as flat space too', () => {
    const bytes = new Uint8Array(8);
    encodeLun(5, bytes, 0);
    assert.deepEqual([...bytes], [0, 5, 0, 0, 0, 0, 0, 0]);
    assert.equal(decodeLun(Uint8Array.of(0x40, 5, 0, 0, 0, 0, 0, 0), 0), 5);
  });

  test('other methods, a bus, a second level and short bytes are nobody’s', () => {
    for (const first of [0x01, 0x80, 0xc1]) {
      assert.equal(decodeLun(Uint8Array.of(first, 5, 0, 0, 0, 0, 0, 0), 0), -1);
    }
    assert.equal(decodeLun(Uint8Array.of(0, 5, 0, 1, 0, 0, 0, 0), 0), -1);
    assert.equal(decodeLun(Uint8Array.of(0, 5, 0, 0, 0, 0, 0), 0), -1);
  });
});
