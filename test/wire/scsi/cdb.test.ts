import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { blocksOf, cdbLength, forceUnitAccess, lbaOf } from '../../../src/wire/scsi/cdb.ts';
import { blockCdb } from '../../support/scsi.ts';

describe('CDB fields', () => {
  test('LBA and blocks are found in CDBs of every length', () => {
    for (const operation of [0x28, 0xa8, 0x88]) {
      const cdb = blockCdb(operation, 0x0102_0304, 0x506);
      assert.deepEqual([lbaOf(cdb), blocksOf(cdb)], [0x0102_0304, 0x506]);
    }
    const six = Uint8Array.of(0x08, 0xff, 2, 3, 4, 0);
    assert.deepEqual([lbaOf(six), blocksOf(six)], [0x1f_0203, 4]);
    assert.equal(blocksOf(Uint8Array.of(0x08, 0, 0, 0, 0, 0)), 256);
    assert.equal(lbaOf(blockCdb(0x88, 2 ** 40 + 1, 1)), 2 ** 40 + 1);
  });

  test('the group of the operation code gives the length', () => {
    assert.deepEqual(
      [0x00, 0x28, 0x41, 0x60, 0x88, 0xa0, 0xc0, 0xff].map(cdbLength),
      [6, 10, 10, 0, 16, 12, 0, 0],
    );
  });

  test('FUA is not in six-byte CDBs', () => {
    assert.equal(forceUnitAccess(Uint8Array.of(0x0a, 0x08, 0, 0, 1, 0)), false);
    assert.equal(forceUnitAccess(blockCdb(0x2a, 0, 1, 0x08)), true);
  });
});
