import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planFaults } from './plan.ts';

const OPTIONS = { seed: 7, failures: 100, kills: 50, longest: 6 };

test('a plan has as many faults of each kind as were asked for, and none longer', () => {
  const faults = planFaults(OPTIONS).flat();
  assert.equal(faults.filter(({ kind }) => kind === 'kill').length, OPTIONS.kills);
  assert.equal(faults.length, OPTIONS.failures + OPTIONS.kills);
  for (const { seconds } of faults) assert(seconds >= 0 && seconds <= OPTIONS.longest);
});

test('a seed is a plan, and another seed another', () => {
  assert.deepEqual(planFaults(OPTIONS), planFaults(OPTIONS));
  assert.notDeepEqual(planFaults(OPTIONS), planFaults({ ...OPTIONS, seed: 8 }));
});

test('some faults strike together, and never the same thing', () => {
  const pairs = planFaults(OPTIONS).filter((strike) => strike.length === 2);
  assert(pairs.length > 0);
  for (const [one, other] of pairs) {
    if (one.kind === 'relay' && other?.kind === 'relay') assert.notEqual(one.relay, other.relay);
    if (one.kind !== 'relay' && other !== undefined && other.kind !== 'relay')
      assert.notEqual(one.system, other.system);
  }
});
