import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOptions } from '../../bench/options.ts';

test('without options everything is measured, five times', () => {
  const options = parseOptions([]);
  assert.equal(options.rounds, 5);
  assert.equal(options.workloads.length, 5);
  assert.equal(options.micro, null);
});

test('rows can be picked', () => {
  const { workloads } = parseOptions(['--only', 'read-4k-1', '--only', 'write-256k-8', '--rounds', '2']);
  assert.deepEqual(
    workloads.map((workload) => workload.name),
    ['read-4k-1', 'write-256k-8'],
  );
});

test('micro takes a filter', () => {
  assert.deepEqual(parseOptions(['micro', 'deframer']).micro, { filter: 'deframer' });
});

test('digests and freshness are measured by themselves', () => {
  const { digests, freshness } = parseOptions(['digests']);
  assert.deepEqual([digests, freshness], [true, false]);
  assert(parseOptions(['freshness']).freshness);
});

test('mistakes are named', () => {
  assert.throws(() => parseOptions(['--only', 'read']), /no row "read": read-4k-1, /);
  assert.throws(() => parseOptions(['--rounds', '0']), /--rounds takes a whole number/);
  assert.throws(() => parseOptions(['macro']), /what is "macro"/);
});
