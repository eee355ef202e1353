import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskDone } from '../../../src/env/disk.ts';
import { GroupFlush } from '../../../src/env/node/group-flush.ts';

test('calls that come while a flush runs share the next one, and not the running one', () => {
  const started: DiskDone[] = [];
  const ended: string[] = [];
  const group = new GroupFlush((done) => started.push(done));
  const join = (name: string): void => group.join((error) => ended.push(`${name} ${error}`));
  join('a');
  join('b');
  join('c');
  assert.equal(started.length, 1);
  started[0]?.(null);
  assert.deepEqual(ended, ['a null']);
  assert.equal(started.length, 2);
  join('d');
  started[1]?.('EIO');
  assert.deepEqual(ended, ['a null', 'b EIO', 'c EIO']);
  started[2]?.(null);
  assert.deepEqual(ended, ['a null', 'b EIO', 'c EIO', 'd null']);
  assert(!group.running);
  join('e');
  assert.equal(started.length, 4);
});

test('a call from inside a callback is not lost', () => {
  const started: DiskDone[] = [];
  let ended = 0;
  const group = new GroupFlush((done) => started.push(done));
  group.join(() => group.join(() => ended++));
  started[0]?.(null);
  started[1]?.(null);
  assert.equal(ended, 1);
});
