import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadPolicy } from '../../../src/env/node/read-policy.ts';
import { DiskLimits } from '../../../src/limits.ts';

const LONG = DiskLimits.longReadLength;

/** Long reads that are not tried before one is. */
function leftOut(policy: ReadPolicy): number {
  let count = 0;
  while (!policy.allowsLoop(LONG)) count += 1;
  return count;
}

test('reads that are there are all tried on the loop', () => {
  const policy = new ReadPolicy();
  for (let read = 0; read < 1000; read += 1) {
    assert(policy.allowsLoop(LONG));
    policy.tried(LONG, LONG);
  }
});

test('each long read that is not there lets twice as many go elsewhere untried, up to a bound', () => {
  const policy = new ReadPolicy();
  const counts = [];
  for (let round = 0; round < 7; round += 1) {
    counts.push(leftOut(policy));
    policy.tried(LONG, LONG - 512);
  }
  assert.deepEqual(counts, [0, 16, 32, 64, 128, 256, 256]);
});

test('one that is there begins with few again', () => {
  const policy = new ReadPolicy();
  for (let round = 0; round < 5; round += 1) {
    leftOut(policy);
    policy.tried(LONG, 0);
  }
  leftOut(policy);
  policy.tried(LONG, LONG);
  assert.equal(leftOut(policy), 0);
  policy.tried(LONG, 0);
  assert.equal(leftOut(policy), 16);
});

test('short reads are always tried, and what becomes of them does not count', () => {
  const policy = new ReadPolicy();
  policy.tried(LONG - 1, 0);
  assert.equal(leftOut(policy), 0);
  policy.tried(LONG, 0);
  assert(policy.allowsLoop(LONG - 1));
  policy.tried(LONG - 1, LONG - 1);
  assert.equal(leftOut(policy), 16);
});
