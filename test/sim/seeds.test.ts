import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { runSeed } from '../../sim/run-seed.ts';

const SEEDS = 25;

test(`${SEEDS} histories of simulated clusters in trouble are what their clients may see`, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { failure } = await runSeed(seed);
    assert.equal(failure, null, `npm run sim -- --seed ${seed} --trace: ${failure?.text}`);
  }
});

test('one seed is one history', async () => {
  const first = await runSeed(7);
  const second = await runSeed(7);
  const other = await runSeed(8);
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
});
