import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { progressText, summaryText, Tally } from '../../../sim/crew/tally.ts';

const GOOD = {
  hash: '1',
  otherHash: null,
  failure: null,
  events: 10,
  operations: 5,
  retries: 0,
} as const;

test('a seed without a finding is counted with its operations', () => {
  const tally = new Tally(1, 10);
  assert.deepEqual(tally.add({ seed: 1, ...GOOD }), []);
  assert.deepEqual(tally.add({ seed: 2, ...GOOD }), []);
  const { seeds, operations, failures, findings } = tally.summary(false);
  assert.deepEqual(
    { seeds, operations, failures, findings },
    { seeds: 2, operations: 10, failures: 0, findings: [] },
  );
});

test('findings are listed in the order of seeds, each with the command that repeats it', () => {
  const tally = new Tally(1, 10);
  tally.add({ seed: 9, ...GOOD, failure: { kind: 'torn block', text: 'torn block: unit 0' } });
  tally.add({ seed: 6, ...GOOD, otherHash: '2' });
  const lines = summaryText(tally.summary(false), 2).split('\n');
  assert.deepEqual(lines.slice(0, -1), [
    'two histories: npm run sim -- --seed 6 --check-determinism',
    'failure: npm run sim -- --seed 9 --trace',
  ]);
  assert.match(lines.at(-1) ?? '', /^2 seeds, 10 operations in .* 2 failed$/);
});

test('two histories of one seed are a failure', () => {
  const tally = new Tally(1, 2);
  tally.add({ seed: 2, ...GOOD, otherHash: '2' });
  assert.equal(tally.summary(false).failures, 1);
});

test('progress says how many seeds of how many are done, and what failed', () => {
  const tally = new Tally(101, 200);
  tally.add({ seed: 101, ...GOOD, failure: { kind: 'no end', text: 'no end' } });
  assert.match(progressText(tally.summary(false)), /^1 of 100 seeds, 1 failed, /);
});

test('what was interrupted says so', () => {
  const tally = new Tally(1, 1000);
  tally.add({ seed: 1, ...GOOD });
  assert.match(summaryText(tally.summary(true), 2), /^interrupted: 1 of seeds 1 to 1000, /);
});
