import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Crew } from '../../../sim/crew/crew.ts';
import type { SeedReport } from '../../../sim/crew/seed-process.ts';

const OPTIONS = { twice: false } as const;

test('a crew runs every seed once, each as it runs alone', async () => {
  const reports = new Map<number, string>();
  const add = ({ seed, hash }: SeedReport): void => {
    assert(!reports.has(seed));
    reports.set(seed, hash);
  };
  await new Crew({ first: 3, last: 6, jobs: 2, ...OPTIONS }, add).run();
  const together = new Map(reports);
  reports.clear();
  for (const seed of [3, 4, 5, 6])
    await new Crew({ first: seed, last: seed, jobs: 1, ...OPTIONS }, add).run();
  assert.deepEqual([...together.keys()].sort(), [3, 4, 5, 6]);
  for (const [seed, hash] of reports) assert.equal(together.get(seed), hash);
});

test('a crew that is stopped ends, and what was running is no finding', async () => {
  const reports: SeedReport[] = [];
  const crew = new Crew({ first: 1, last: 100_000, jobs: 2, ...OPTIONS }, (report) => {
    reports.push(report);
    crew.stop();
  });
  await crew.run();
  assert.equal(reports.length, 1);
  assert.equal(reports[0]?.failure, null);
});
