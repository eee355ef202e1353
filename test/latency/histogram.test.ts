import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Histogram } from '../../src/latency/histogram.ts';

const SECOND = 1e6;
/** Of what has a bucket of its own kind: 2 ** 26 µs. */
const LONGEST = 67_108_863;
const quantiles = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The plain way: at least the share `q` of all is this or less. */
function naive(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(q * sorted.length) - 1] ?? 0;
}

/** Of every order of magnitude as many. */
const durations = fc
  .tuple(fc.double({ min: 1, max: 2, noNaN: true }), fc.integer({ min: -6, max: 25 }))
  .map(([mantissa, exponent]) => Math.min(LONGEST, mantissa * 2 ** exponent));

test('what is read out is what a sorted list says, or up to an eighth more', () => {
  fc.assert(
    fc.property(fc.array(durations, { minLength: 1, maxLength: 400 }), (values) => {
      const found = histogramOf(values).distribution();
      for (const [name, q] of Object.entries(quantiles)) {
        const exact = naive(values, q);
        const shown = found[name as keyof typeof quantiles];
        assert.ok(shown >= exact, `${name}: ${shown} is less than ${exact}`);
        assert.ok(shown <= Math.max(exact * 1.125, exact + 0.125), `${name}: ${shown} is far from ${exact}`);
      }
      assert.equal(found.count, values.length);
      assert.equal(found.max, Math.max(...values));
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      assert.ok(Math.abs(found.mean - mean) <= mean * 1e-9);
    }),
    { numRuns: 300 },
  );
});

test('a longer duration is never shown as a shorter one', () => {
  fc.assert(
    fc.property(durations, durations, (one, other) => {
      const of = (value: number) => histogramOf([value, 60 * SECOND]).distribution().p50;
      assert.ok(of(Math.min(one, other)) <= of(Math.max(one, other)));
    }),
  );
});

test('what is beyond the buckets is counted, and shown as the longest', () => {
  const found = histogramOf([1, 100 * SECOND, 3600 * SECOND]).distribution();
  assert.deepEqual([found.count, found.p90, found.max], [3, 3600 * SECOND, 3600 * SECOND]);
  assert.ok(found.mean > 1233 * SECOND);
});

test('a histogram of nothing is all zeroes', () => {
  const zero = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };
  assert.deepEqual(new Histogram().distribution(), zero);
});
