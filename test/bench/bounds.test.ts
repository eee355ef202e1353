import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allowed, boundsOf } from '../../bench/bounds.ts';
import type { Result, Sample } from '../../bench/results.ts';

const about = (value: number, expected: number) =>
  assert.ok(Math.abs(value / expected - 1) < 1e-9, `${value} is not ${expected}`);

const bounds = (costs: number[], cpus: number, staying: number, moving: number) => {
  const found = boundsOf(costs, cpus);
  about(found.staying, staying);
  about(found.moving, moving);
};

test('two processes have a CPU each: the dearer one is the limit', () => {
  bounds([2, 5], 2, 1 / 5, 1 / 5);
  bounds([5, 2], 2, 1 / 5, 1 / 5);
});

test('of three that stay on two CPUs, the two cheapest share one; three that move share both', () => {
  bounds([3, 2, 4], 2, 1 / 5, 2 / 9);
  bounds([1, 1, 1], 2, 1 / 2, 2 / 3);
});

test('one that costs more than the two others together has a CPU to itself, and is the limit', () => {
  bounds([1, 2, 10], 2, 1 / 10, 1 / 10);
});

test('a CPU for each is all that can be used, and one for all is shared by all', () => {
  bounds([3, 2, 4], 4, 1 / 4, 1 / 4);
  bounds([3, 2, 4], 1, 1 / 9, 1 / 9);
});

/** `costs`: CPU seconds for 100,000 commands. */
const sample = (commandsPerSecond: number, client: number, ...costs: number[]): Sample => ({
  commandsPerSecond,
  cpuSeconds: Object.fromEntries(costs.map((cost, i) => [`server ${i}`, cost])),
  clientCpuSeconds: client,
  cpusOfOthers: 0,
});

const result = (samples: Record<string, Sample[]>): Result => ({
  format: 1,
  date: '2026-11-30T10:00Z',
  revision: null,
  machine: { cpu: 'Test CPU', cpus: 2, memoryGiB: 4, kernel: '6.1', node: 'v20.19.0', packages: {} },
  rounds: 3,
  secondsPerRound: 3,
  samples: { 'read-4k-32': samples },
  peakMemory: {},
});

test('the measured rates are held against the bounds round by round, and the bounds against the direct rate', () => {
  const of = result({
    tgt: [sample(1, 1, 1)],
    direct: [sample(190_000, 0.5, 0.4), sample(100_000, 0.8, 0.4), sample(194_000, 0.5, 0.4)],
    'proxied-tcp': [
      sample(95_000, 0.5, 0.6, 0.4),
      sample(40_000, 1, 1.2, 0.8),
      sample(97_000, 0.5, 0.6, 0.4),
    ],
  });
  const [direct, proxied, ...others] = allowed(of, 'read-4k-32');
  assert.ok(direct !== undefined && proxied !== undefined && others.length === 0);
  assert.deepEqual([direct.path, direct.rate, direct.staying.toDirect], ['direct', 190_000, null]);
  about(direct.staying.rate, 200_000);
  about(direct.staying.reached, 0.95);
  about(direct.clientCpus, 0.95);
  about(proxied.costs[1] ?? 0, 0.6e-5);
  about(proxied.staying.rate, 1e5 / 0.9);
  about(proxied.staying.reached, 0.95 * 0.9);
  about(proxied.staying.toDirect ?? 0, 1 / 0.9 / 1.94);
  about(proxied.moving.rate, 2e5 / 1.5);
  about(proxied.clientCpus, 0.475);
});

test('without the client there is no bound, and without a direct path none against it', () => {
  const { clientCpuSeconds: _, ...old } = sample(1, 1, 1);
  assert.deepEqual(allowed(result({ direct: [old] }), 'read-4k-32'), []);
  assert.deepEqual(allowed(result({ direct: [sample(1, 1, 1)] }), 'write-4k-32'), []);
  const [proxied] = allowed(result({ 'proxied-tcp': [sample(1, 1, 1, 1)] }), 'read-4k-32');
  assert.equal(proxied?.moving.toDirect, null);
});
