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
        tgt: samples([100, 200, 100], 'tgt'),
        istgt: samples([50, 60, 50], 'istgt'),
        haproxy: samples([10, 10, 10], 'haproxy'),
        direct: samples(direct, 'alpha'),
        'proxied-tcp': samples(proxied, 'alpha'),
      },
    },
    peakMemory: { tgt: 7, alpha: 90, beta: 201 },
  };
}

const lineWith = (text: string, ...parts: string[]) =>
  text.split('\n').find((line) => parts.every((part) => line.includes(part))) ?? '';

test('a path is judged by the median of its ratios in the same round, to the best of the other targets', () => {
  const text = report(result([270, 600, 190], [100, 190, 90]));
  const best = lineWith(text, 'direct : best peer');
  assert.match(best, /2\.70 \(1\.90 - 3\.00\)\s+≥ 2\.60\s+PASS\s+tgt$/);
  assert.match(lineWith(text, 'proxied : direct'), /0\.37 \(0\.32 - 0\.47\)\s+≥ 0\.65\s+MISSED\s+direct$/);
  assert.match(lineWith(text, 'proxied : haproxy'), /10\.00 \(9\.00 - 19\.00\)\s+≥ 1\.50\s+PASS\s+haproxy$/);
});

test('CPU is judged by what it may be at the most', () => {
  const text = report(result([100, 100, 100], [100, 100, 100]));
  assert.match(lineWith(text, 'CPU, direct : tgt'), /1\.00 \(1\.00 - 1\.00\)\s+≤ 0\.22\s+MISSED/);
  assert.match(lineWith(text, 'CPU, proxied : direct'), /≤ 1\.70\s+PASS/);
});

test('a goal whose other path was not measured is left out', () => {
  const without = result([1, 1, 1], [1, 1, 1]);
  const { haproxy: _, ...others } = without.samples['read-4k-32'] ?? {};
  assert.equal(lineWith(report({ ...without, samples: { 'read-4k-32': others } }), 'proxied : haproxy'), '');
});

test('every system is judged by its peak memory, tgt is not', () => {
  const text = report(result([1, 1, 1], [1, 1, 1]));
  assert.match(lineWith(text, 'alpha', '90'), /PASS$/);
  assert.match(lineWith(text, 'beta'), /ABOVE$/);
  assert.match(text, /^tgt +7$/m);
});

/** CPU seconds for 100,000 commands. */
const withClient = (of: Result, direct: number, proxied: number): Result => {
  const paths = Object.entries(of.samples['read-4k-32'] ?? {}).map(([path, samples]) => {
    const clientCpuSeconds = path === 'direct' ? direct : proxied;
    return [path, samples.map((sample) => ({ ...sample, clientCpuSeconds }))] as const;
  });
  return { ...of, samples: { 'read-4k-32': Object.fromEntries(paths) } };
};

test('what the client cost has a column, and what it leaves room for a table', () => {
  const text = report(withClient(result([64_000, 64_000, 64_000], [32_000, 32_000, 32_000]), 1.5, 2));
  const [head = ''] = text.split('\n').filter((line) => line.includes('client s/100k'));
  assert.match(lineWith(text, ' direct ').slice(head.indexOf('client s/100k')), /^1\.50 /);
  const bound = lineWith(text, ' direct ', '15.0 + 15.0');
  assert.match(bound, / 0\.96 +66,667 +0\.96 +66,667 +0\.96 +the client is the limit$/);
  assert.match(
    lineWith(text, ' proxied-tcp ', '20.0 + 15.0'),
    / 0\.64 +50,000 +0\.64 +0\.78 +50,000 +0\.64 +0\.78$/,
  );
});

test('a result that was kept without the CPU time of the client is shown without that table', () => {
  const text = report(result([1, 1, 1], [1, 1, 1]));
  assert.doesNotMatch(text, /CPUs allow|staying/);
  const now = withClient(result([2, 2, 2], [1, 1, 1]), 1, 1);
  assert.match(lineWith(reportChange(result([1, 1, 1], [1, 1, 1]), now), ' direct '), /100 %/);
});

test('a comparison shows what a path does now and did before', () => {
  const text = reportChange(result([100, 100, 100], [1, 1, 1]), result([150, 150, 150], [1, 1, 1]));
  assert.match(lineWith(text, ' direct '), /150\s+100\s+50 %/);
});
