import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, ratios, spread } from '../../bench/statistics.ts';

test('a median is the middle one, or half way between the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([4, 1, 2, 9]), 3);
  assert.deepEqual(spread([3]), { median: 3, lowest: 3, highest: 3 });
});

test('ratios are taken round by round', () => {
  assert.deepEqual(ratios([10, 40, 6], [5, 10, 3]), { median: 2, lowest: 2, highest: 4 });
});

test('what was not measured equally often has no ratio', () => {
  assert.throws(() => ratios([1, 2], [1]));
  assert.throws(() => spread([]));
});
