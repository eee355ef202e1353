import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ahead, inWindow, isBefore, next, plus } from '../../../src/wire/iscsi/serial-number.ts';

test('serial numbers go on past the last one', () => {
  assert.equal(next(0xffffffff), 0);
  assert.equal(plus(0xfffffffe, 4), 2);
  assert.equal(ahead(1, 0xffffffff), 2);
  assert(isBefore(0xffffffff, 0));
  assert(!isBefore(0, 0xffffffff));
});

test('a window may span the wrap, with both of its ends inside', () => {
  assert(inWindow(0xfffffff0, 0xfffffff0, 0x10));
  assert(inWindow(0x10, 0xfffffff0, 0x10));
  assert(!inWindow(0x11, 0xfffffff0, 0x10));
  assert(!inWindow(0xffffffef, 0xfffffff0, 0x10));
});

test('an empty window holds nothing', () => {
  assert(!inWindow(5, 5, 4));
});
