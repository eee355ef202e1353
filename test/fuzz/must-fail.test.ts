import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockCdb, unmapCdb, unmapList } from '../support/scsi.ts';
import { mustFail } from './must-fail.ts';
import { UNIT_BLOCKS } from './victim-file.ts';

const PAST = 'a range past the end of its unit';
const none = new Uint8Array(0);

test('a range may end where its unit does, and no block further', () => {
  for (const code of [0x28, 0xa8, 0x88, 0x2a, 0x8a, 0x93, 0x35]) {
    assert.equal(mustFail(blockCdb(code, UNIT_BLOCKS - 8, 8), none), null);
    assert.equal(mustFail(blockCdb(code, UNIT_BLOCKS - 8, 9), none), PAST);
  }
  const far = blockCdb(0x88, 0, 1);
  far[2] = 0x80;
  assert.equal(mustFail(far, none), PAST);
});

test('of UNMAP the ranges of the list count, as far as it goes', () => {
  const list = unmapList([
    { lba: 0, blocks: 8 },
    { lba: UNIT_BLOCKS - 1, blocks: 2 },
  ]);
  const cdb = unmapCdb(list.length);
  assert.equal(mustFail(cdb, list), PAST);
  // Of the second descriptor the header knows nothing.
  assert.equal(mustFail(cdb, list.with(3, 16)), null);
  // Whether it has all come is not known.
  assert.equal(mustFail(cdb, null), null);
  assert.equal(mustFail(cdb, list.subarray(0, -1)), null);
});

test('the pages of MODE SELECT end in their list', () => {
  const page = Uint8Array.of(0x0a, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const six = (length: number) => Uint8Array.of(0x15, 0x10, 0, 0, length, 0);
  const list = Uint8Array.of(0, 0, 0, 0, ...page);
  assert.equal(mustFail(six(16), list), null);
  assert.equal(mustFail(six(15), list), 'a mode page longer than its list');
  assert.equal(mustFail(six(0), list), null);
  const ten = Uint8Array.of(0x55, 0x10, 0, 0, 0, 0, 0, 0, 20, 0);
  const long = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, ...page);
  assert.equal(mustFail(ten, long), null);
  assert.equal(mustFail(ten, long.with(9, 11)), 'a mode page longer than its list');
});
