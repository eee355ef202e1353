import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sample } from '../../../bench/load/sample.ts';
import { coldRow, uncachedTable } from '../../../bench/uncached/cold-rows.ts';

const samples = (...rates: number[]): Sample[] =>
  rates.map((rate) => ({
    commands: rate,
    seconds: 1,
    cpuSeconds: 0.1,
    refused: 0,
    latency: { p50: 1, p99: 2, max: 3 },
    serverCpuSeconds: 25e-6,
    cpusOfOthers: 0,
    residentBytes: {},
    peakMiB: {},
  }));

const load = { bytesPerCommand: 4096, scattered: true, depth: 1 };

test('ours is compared with the best of the others, round by round, and our longest turn of all rounds is judged', () => {
  const row = coldRow('reads', load);
  row.samples.tgt = samples(100, 100, 100);
  row.samples.istgt = samples(200, 400, 200);
  row.samples.direct = samples(300, 400, 100);
  for (const longestTurn of [3, 21, 4]) row.blocked.push({ longestTurn, longestHeldUp: longestTurn / 2 });
  const lines = uncachedTable([row]);
  assert.deepEqual(lines[1], ['reads', 'tgt', '100', '0', '2.00']);
  assert.deepEqual(lines[3]?.slice(5), [
    '1.00 (0.50 - 1.50)',
    '≥ 1.00',
    'PASS',
    '21.0',
    '≤ 20',
    'ABOVE',
    '10.5',
  ]);
});

test('without others there is nothing to judge', () => {
  const row = coldRow('reads', load);
  row.samples.direct = samples(300);
  assert.deepEqual(uncachedTable([row])[1], ['reads', 'direct', '300', '1', '2.00']);
});
