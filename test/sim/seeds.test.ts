import { strict as assert } from 'node:assert';
import { availableParallelism } from 'node:os';
import { test } from 'node:test';
import { Crew } from '../../sim/crew/crew.ts';
import { runSeed } from '../../sim/run-seed.ts';

const SEEDS = 200;

test(`${SEEDS} histories of simulated clusters in trouble are what their clients may see`, async () => {
  const done = new Set<number>();
  const options = { first: 1, last: SEEDS, jobs: availableParallelism(), twice: false };
  await new Crew(options, ({ seed, failure }) => {
    assert.equal(failure, null, `npm run sim -- --seed ${seed} --trace: ${failure?.text}`);
    done.add(seed);
  }).run();
  assert.equal(done.size, SEEDS);
});

test('one seed is one history', async () => {
  const first = await runSeed(7);
  const second = await runSeed(7);
  const other = await runSeed(8);
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
});
