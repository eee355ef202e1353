import assert from 'node:assert/strict';
import { test } from 'node:test';
import { report, reportChange } from '../../bench/report.ts';
import type { Result, Sample } from '../../bench/results.ts';

const samples = (rates: number[], server: string): Sample[] =>
  rates.map((commandsPerSecond) => ({ commandsPerSecond, cpuSeconds: { [server]: 1.5 }, cpusOfOthers: 0.1 }));

function result(direct: number[], proxied: number[]): Result {
  return {
    format: 1,
    date: '2026-11-23T10:00Z',
    revision: 'abc1234',
    machine: { cpu: 'Test CPU', cpus: 2, memoryGiB: 4, kernel: '6.1', node: 'v20.19.0', packages: {} },
    rounds: direct.length,
    secondsPerRound: 3,
    samples: {
      'read-4k-32': {
        tgt: samples([100, 200, 100], 'tgtd'),
        direct: samples(direct, 'alpha'),
        'proxied-tcp': samples(proxied, 'alpha'),
      },
    },
    peakMemory: { tgtd: 7, alpha: 90, beta: 201 },
  };
}

const lineWith = (text: string, ...parts: string[]) =>
  text.split('\n').find((line) => parts.every((part) => line.includes(part))) ?? '';

test('a path is judged by the median of its ratios to tgt in the same round', () => {
  const text = report(result([250, 600, 190], [100, 190, 90]));
  assert.match(lineWith(text, ' direct ', 'PASS'), /2\.50 \(1\.90 - 3\.00\)\s+2\.0\s+PASS$/);
  assert.match(lineWith(text, 'proxied-tcp', 'BELOW'), /0\.95 \(0\.90 - 1\.00\)\s+1\.0\s+BELOW$/);
});

test('every system is judged by its peak memory, tgt is not', () => {
  const text = report(result([1, 1, 1], [1, 1, 1]));
  assert.match(lineWith(text, 'alpha', '90'), /PASS$/);
  assert.match(lineWith(text, 'beta'), /ABOVE$/);
  assert.match(lineWith(text, 'tgtd', '7'), /7$/);
});

test('a comparison shows what a path does now and did before', () => {
  const text = reportChange(result([100, 100, 100], [1, 1, 1]), result([150, 150, 150], [1, 1, 1]));
  assert.match(lineWith(text, ' direct '), /150\s+100\s+50 %/);
});
