import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../bench/load/sample.ts';
import { idleTable } from '../../../bench/scale/idle.ts';
import { type Row, rowTable } from '../../../bench/scale/rows.ts';

const sample = (rate: number): Sample => ({
  commands: 2 * rate,
  seconds: 2,
  cpuSeconds: 1,
  refused: 7,
  latency: { p50: 1, p99: 2, max: 3 },
  serverCpuSeconds: 25e-6,
  cpusOfOthers: 0,
  residentBytes: { 'tcp beta': 100 << 20 },
  peakMiB: { 'tcp beta': 120.3 },
});
const row = (way: string, count: number, ...rates: number[]): Row => ({
  way,
  isOurs: way !== 'tgt',
  count,
  samples: rates.map(sample),
});

test('each row is compared with the best of its way in the same round, and the last is judged', () => {
  const [, one, sixteen, many] = rowTable('sessions', [
    row('direct', 1, 100, 50, 100),
    row('direct', 16, 200, 100, 200),
    row('direct', 256, 150, 90, 160),
  ]);
  assert.deepEqual(one?.slice(0, 6), ['1', 'direct', '100', '0.50 (0.50 - 0.50)', '', '']);
  assert.deepEqual(sixteen?.slice(3, 6), ['1.00 (1.00 - 1.00)', '', '']);
  assert.deepEqual(many?.slice(3, 6), ['0.80 (0.75 - 0.90)', '≥ 0.80', 'PASS']);
  assert.deepEqual(many?.slice(6), ['2.00', '25.0', '0.50', '7', 'beta 100 (120)']);
});

test('another target is not judged', () => {
  const lines = rowTable('sessions', [row('tgt', 1, 100), row('tgt', 256, 50)]);
  assert.deepEqual(lines[2]?.slice(3, 6), ['0.50 (0.50 - 0.50)', '', '']);
});

test('a row that failed has no rate, misses its goal, and is nobody to compare with', () => {
  const lines = rowTable('sessions', [row('direct', 1, 100), row('direct', 16), row('direct', 256)]);
  assert.deepEqual(lines[1]?.slice(2, 4), ['100', '1.00 (1.00 - 1.00)']);
  assert.deepEqual(lines[2], ['16', 'direct', 'failed', '', '', '']);
  assert.deepEqual(lines[3], ['256', 'direct', 'failed', '', '≥ 0.80', 'MISSED']);
});

test('ways do not count against each other', () => {
  const lines = rowTable('units', [
    row('direct', 1, 1000),
    row('proxied', 1, 100),
    row('direct', 64, 700),
    row('proxied', 64, 90),
  ]);
  assert.deepEqual(lines[3]?.slice(3, 6), ['0.70 (0.70 - 0.70)', '≥ 0.80', 'MISSED']);
  assert.deepEqual(lines[4]?.slice(3, 6), ['0.90 (0.90 - 0.90)', '≥ 0.80', 'PASS']);
});

test('an idle session is judged by what is resident for it or by what it holds, whichever is more', () => {
  const row = { way: 'direct', system: 'beta', residentEach: -2048, usedEach: 65 * 1024 } as const;
  assert.deepEqual(idleTable([row])[1], ['direct', 'beta', '-2.0', '< 64.0', 'ABOVE', '65.0']);
  assert.equal(idleTable([{ ...row, usedEach: 63 * 1024 }])[1]?.[4], 'PASS');
  assert.equal(idleTable([{ ...row, residentEach: 65 * 1024, usedEach: 0 }])[1]?.[4], 'ABOVE');
});
