import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { duration, renderStatus, rounded } from '../../../cli/status/render.ts';
import { table } from '../../../cli/status/table.ts';
import { sampleStatus } from '../../admin/sample-status.ts';

test('columns are as wide as their widest cell, and numbers stand to the right', () => {
  assert.deepEqual(
    table(
      ['NAME', 'N', 'LAST'],
      [
        ['a', 1, null],
        ['longer', 100, 'x'],
      ],
    ),
    ['NAME      N  LAST', 'a         1  -', 'longer  100  x'],
  );
});

test('sizes and durations are short', () => {
  assert.deepEqual([0, 1023, 1024, 1536, 123 * 2 ** 20, 2 ** 40].map(rounded), [
    '0B',
    '1023B',
    '1.0KiB',
    '1.5KiB',
    '123MiB',
    '1.0TiB',
  ]);
  assert.deepEqual([0.9, 61, 3723, 100000].map(duration), ['0s', '1m01s', '1h02m', '1d03h']);
});

test('a link that is slow says so, with its round trip, while it is up', () => {
  const shown = (state: 'up' | 'down', slow: boolean) => {
    const links = sampleStatus.links.map((link) => ({ ...link, system: 'alpha', state, slow }));
    const text = renderStatus({ cluster: 'demo', systems: [], units: [], sessions: [], links });
    return text.split('\n').find((line) => line.includes('beta')) ?? '';
  };
  assert.match(shown('up', true), / up, slow .* 180\.25ms /);
  assert.match(shown('up', false), / up {2,}.* 180\.25ms /);
  assert.doesNotMatch(shown('down', true), /slow|180/);
});
