import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { findLines } from '../../../src/daemon/config/line-finder.ts';

test('nested arrays of tables have the lines of their own headers and keys', () => {
  const lineOf = findLines(
    ['[[a]]', 'x = 1', '  [[a.b]]', '  y = 1', '  [[a.b]]', '  y = 2', '[[a]]', '[[a.b]]', 'y = 3'].join(
      '\n',
    ),
  );
  assert.equal(lineOf(['a', 0, 'x']), 2);
  assert.equal(lineOf(['a', 0, 'b', 0, 'y']), 4);
  assert.equal(lineOf(['a', 0, 'b', 1]), 5);
  assert.equal(lineOf(['a', 0, 'b', 1, 'y']), 6);
  assert.equal(lineOf(['a', 1]), 7);
  assert.equal(lineOf(['a', 1, 'b', 0, 'y']), 9);
});

test('a missing key has the line of the table around it, and a missing table the first line', () => {
  const lineOf = findLines('\n[[a]]\nx = 1\n');
  assert.equal(lineOf(['a', 0, 'none']), 2);
  assert.equal(lineOf(['none', 3, 'x']), 1);
});

test('strings, comments and arrays that look like tables are not', () => {
  const lineOf = findLines(
    [
      'a = "[x] # = \\" ["  # [[no]]',
      "b = '\\'",
      'c = """',
      '[[no]]',
      'x = 1 \\""" """"',
      "d = '''",
      "[no]''''",
      'e = [ # [',
      '  "]",',
      '  [1, 2],',
      '  { k = "v" },',
      ']',
      '"q.r" . s = 1',
      'f = { g = { h = 1 } }',
    ].join('\n'),
  );
  assert.deepEqual(
    [
      ['a'],
      ['b'],
      ['c'],
      ['d'],
      ['e'],
      ['e', 0],
      ['e', 1, 1],
      ['e', 2, 'k'],
      ['q.r', 's'],
      ['f', 'g', 'h'],
    ].map(lineOf),
    [1, 2, 3, 6, 8, 9, 10, 11, 13, 14],
  );
});
