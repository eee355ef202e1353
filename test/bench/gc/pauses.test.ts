import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gcTable } from '../../../bench/gc/pauses.ts';

test('pauses are counted, for 100,000 commands too, added up, and the longest is shown, for each kind that there was', () => {
  const lines = gcTable([
    {
      title: 'reads',
      way: 'direct',
      system: 'beta',
      commands: 400_000,
      seconds: 10,
      pauses: { minor: [1, 2, 5, 2], major: [30], incremental: [], weak: [] },
    },
  ]);
  assert.deepEqual(lines.slice(1), [
    ['reads', 'direct', 'beta', 'minor', '4', '1.0', '10', '0.1 %', '5.0'],
    ['reads', 'direct', 'beta', 'major', '1', '0.3', '30', '0.3 %', '30.0'],
  ]);
});
