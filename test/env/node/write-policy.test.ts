import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { WritePolicy } from '../../../src/env/node/write-policy.ts';
import { DiskLimits } from '../../../src/limits.ts';

const { loopWriteLength, slowWriteMilliseconds, restMilliseconds, maxRestMilliseconds } = DiskLimits;

let now = 0;
let policy = new WritePolicy(() => now);
beforeEach(() => {
  now = 1000;
  policy = new WritePolicy(() => now);
});

/** A write on the loop that takes that long. */
function writeTaking(milliseconds: number): void {
  assert(policy.allowsLoop(4096, false));
  const start = now;
  now += milliseconds;
  policy.ranOnLoop(start);
}

/** Lets time pass to the first moment when the loop is allowed again; gives how long that took. */
function sitOutRest(): number {
  const start = now;
  while (!policy.allowsLoop(4096, false)) now += 1;
  return now - start;
}

test('fast writes stay on the loop', () => {
  for (let at = 0; at < 1000; at++) writeTaking(slowWriteMilliseconds);
  assert(policy.allowsLoop(loopWriteLength, false));
});

test('a long write, and any during a flush, goes to the pool', () => {
  assert(!policy.allowsLoop(loopWriteLength + 1, false));
  assert(!policy.allowsLoop(4096, true));
  assert(policy.allowsLoop(4096, false));
});

test('a slow write sends the next ones to the pool for a rest', () => {
  writeTaking(slowWriteMilliseconds + 1);
  assert(!policy.allowsLoop(4096, false));
  assert.equal(sitOutRest(), restMilliseconds);
});

test('each rest soon after the last is twice as long, up to a limit', () => {
  let expected: number = restMilliseconds;
  for (let at = 0; at < 12; at++) {
    writeTaking(slowWriteMilliseconds + 1);
    assert.equal(sitOutRest(), expected);
    expected = Math.min(expected * 2, maxRestMilliseconds);
  }
});

test('after a calm time the rests are short again', () => {
  for (let at = 0; at < 4; at++) {
    writeTaking(50);
    sitOutRest();
  }
  now += 16 * 8 * restMilliseconds;
  writeTaking(50);
  assert.equal(sitOutRest(), restMilliseconds);
});

test('a medium where every write is slow holds up the loop for a small part of the time', () => {
  const stall = 200;
  const start = now;
  let stalled = 0;
  while (now - start < 600_000) {
    writeTaking(stall);
    stalled += stall;
    sitOutRest();
  }
  assert(stalled / (now - start) < 0.03);
});
