import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Case, type CaseResult, cases, fairnessTable } from '../../../bench/fairness/cases.ts';
import type { Sample } from '../../../bench/load/sample.ts';

const sample = (p99: number): Sample => ({
  commands: 300,
  seconds: 3,
  cpuSeconds: 1,
  refused: 0,
  latency: { p50: p99 / 2, p99, max: p99 * 2 },
  serverCpuSeconds: 25e-6,
  cpusOfOthers: 0,
  residentBytes: {},
  peakMiB: {},
});

const result = (of: Case, ...p99s: number[]): CaseResult => ({
  case: of,
  reader: p99s.map(sample),
  neighbour: of.beside === null ? [] : p99s.map(() => ({ ...sample(1), commands: 30_000 })),
});

test('each reader is measured alone, and with each neighbour at its own port and at the other one', () => {
  for (const way of ['direct', 'proxied'] as const) {
    const ofWay = cases.filter((each) => each.way === way);
    assert.equal(ofWay[0]?.beside, null);
    assert.deepEqual(
      ofWay.slice(1).map(({ beside }) => beside?.way === way),
      [true, false, true, false, true, false],
    );
  }
});

test('a reader with a neighbour is compared with one of its way that is alone, round by round', () => {
  const beside = cases.filter((each) => each.way === 'proxied')[1] ?? null;
  assert.ok(beside !== null);
  const lines = fairnessTable([
    result({ way: 'direct', beside: null }, 100, 100),
    result({ way: 'proxied', beside: null }, 1, 2),
    result(beside, 3, 10),
  ]);
  assert.deepEqual(lines[2], ['proxied', 'nobody', '', '0.75', '1.50', '4.0', '', '100', '']);
  assert.deepEqual(lines[3]?.slice(2), [
    'the same port',
    '3.25',
    '6.50',
    '20.0',
    '4.00 (3.00 - 5.00)',
    '100',
    '10000',
  ]);
});
