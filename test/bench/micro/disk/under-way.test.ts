import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Done, keepUnderWay } from '../../../../bench/micro/disk/under-way.ts';

test('so many are under way, in slots of their own, until all are begun', async () => {
  const running = new Map<number, Done>();
  const begun: number[] = [];
  const all = keepUnderWay(5, 2, (i, slot, done) => {
    assert.ok(!running.has(slot));
    running.set(slot, done);
    begun.push(i);
  });
  const endOne = () => {
    const [first] = running;
    assert.ok(first !== undefined);
    running.delete(first[0]);
    first[1](null);
  };
  for (const expected of [2, 3, 4, 5, 5]) {
    assert.equal(begun.length, expected);
    endOne();
  }
  await all;
  assert.deepEqual(begun, [0, 1, 2, 3, 4]);
});

test('those that are done at once do not pile up on the stack', async () => {
  let begun = 0;
  await keepUnderWay(100_000, 1, (_, __, done) => {
    begun += 1;
    done(null);
  });
  assert.equal(begun, 100_000);
});

test('the first that fails ends it', async () => {
  await assert.rejects(
    keepUnderWay(3, 1, (i, _, done) => done(i === 1 ? 'EIO' : null)),
    /EIO/,
  );
});
