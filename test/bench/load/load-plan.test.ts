import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  commandsOnce,
  type LoadPlan,
  nextSession,
  outstandingOf,
  targetOf,
} from '../../../bench/load/load-plan.ts';

const plan: LoadPlan = {
  url: 'iscsi://127.0.0.1:3260/iqn.2026-11.dev.crosspath:test/1',
  process: 0,
  sessions: 1,
  luns: [1],
  unitBytes: 64 * 4096,
  writes: false,
  bytesPerCommand: 4096,
  scattered: true,
  once: false,
  depth: 1,
  depthOf: 'all',
  warmUpSeconds: 0,
  seconds: 1,
};

const offsets = (of: LoadPlan, count: number) =>
  Array.from({ length: count }, (_, i) => targetOf(of, i).offset);

test('scattered commands come to each place of the unit once before they come to any twice', () => {
  const all = offsets(plan, 64);
  assert.equal(new Set(all).size, 64);
  assert.ok(all.every((offset) => offset % 4096 === 0 && offset < plan.unitBytes));
  assert.notDeepEqual(
    all,
    all.toSorted((a, b) => a - b),
  );
  assert.equal(targetOf(plan, 64).offset, all[0]);
});

test('others come one behind the other, and begin again at the end', () => {
  const { length } = offsets({ ...plan, scattered: false }, 64);
  assert.deepEqual(offsets({ ...plan, scattered: false }, 65), [
    ...Array.from({ length }, (_, i) => i * 4096),
    0,
  ]);
});

test('units take turns, and each is gone through as if it were alone', () => {
  const three = { ...plan, luns: [4, 5, 6] };
  assert.deepEqual(
    [0, 1, 2, 3].map((i) => targetOf(three, i).lun),
    [4, 5, 6, 4],
  );
  assert.equal(targetOf(three, 3 * 7 + 2).offset, targetOf(plan, 7).offset);
});

test('a load that ends by itself has a command for each place of each unit', () => {
  assert.equal(commandsOnce({ ...plan, luns: [1, 2] }), 128);
});

test('a depth of all sessions is handed round, one of each is kept where a command has ended', () => {
  const all = { ...plan, sessions: 4, depth: 8 };
  assert.equal(outstandingOf(all), 8);
  assert.deepEqual(
    [8, 9, 10, 11, 12].map((command) => nextSession(all, 2, command)),
    [0, 1, 2, 3, 0],
  );
  const each: LoadPlan = { ...all, depthOf: 'each' };
  assert.equal(outstandingOf(each), 32);
  assert.equal(nextSession(each, 2, 33), 2);
});
