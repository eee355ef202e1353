import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { elapsed } from '../../../cli/status/latencies.ts';
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

const nothing = { cluster: 'demo', systems: [], units: [], sessions: [], links: [], latencies: [] };

test('a unit shows whether it is thin, where anybody knows', () => {
  const row = (thinlyProvisioned: boolean | null) => {
    const unit = { name: 'vol-a', owner: 'alpha', lun: 1, size: 2 ** 30, blockLength: 512, readOnly: false };
    const unknown = { naa: null, serial: null, commandsServed: null, paths: [] };
    const units = [{ ...unit, ...unknown, thinlyProvisioned, store: 'vol-a.img' }];
    const text = renderStatus({ ...nothing, units });
    const cells = text.split('\n').find((line) => line.includes('vol-a')) ?? '';
    return cells.trim().split(/ {2,}/);
  };
  assert.deepEqual(row(true), ['vol-a', '1', 'alpha', '1GiB', '512', 'thin', 'read-write', '-', 'vol-a.img']);
  assert.deepEqual([row(false)[5], row(null)[5]], ['fully', '-']);
});

test('a link that is slow says so, with its round trip, while it is up', () => {
  const shown = (state: 'up' | 'down', slow: boolean) => {
    const links = sampleStatus.links.map((link) => ({ ...link, system: 'alpha', state, slow }));
    const text = renderStatus({ ...nothing, links });
    return text.split('\n').find((line) => line.includes('beta')) ?? '';
  };
  assert.match(shown('up', true), / up, slow .* 180\.25ms /);
  assert.match(shown('up', false), / up {2,}.* 180\.25ms /);
  assert.doesNotMatch(shown('down', true), /slow|180/);
});

test('a stage shows its median and its 99th percentile, and a dash where no command was in it', () => {
  const latencies = sampleStatus.latencies.map((latency) => ({ ...latency, system: 'alpha' }));
  const text = renderStatus({ ...nothing, latencies });
  const row = text.split('\n').find((line) => line.includes('proxied')) ?? '';
  assert.deepEqual(row.trim().split(/ {2,}/), [
    'alpha',
    'proxied',
    'read',
    '7',
    '0.3us/0.5us',
    '4.2us/8.4us',
    '840us/1.7ms',
    '-',
    '31us/62us',
    '1.3ms/2.6ms',
    '3.9ms',
  ]);
});

test('a latency has a unit that keeps it short', () => {
  assert.deepEqual([0, 9.94, 9.95, 999.4, 999.5, 9949, 999_499, 999_500, 62e6].map(elapsed), [
    '0.0us',
    '9.9us',
    '10us',
    '999us',
    '1.0ms',
    '9.9ms',
    '999ms',
    '1.0s',
    '62s',
  ]);
});
