import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openAll } from '../../src/daemon/open-all.ts';
import { DiskLimits } from '../../src/limits.ts';

const COUNT = 3 * DiskLimits.opensAtATime;
const items = Array.from({ length: COUNT }, (_, index) => index);

describe('opening many', () => {
  test('gives them in the order of the items, and opens no more than so many at a time', async () => {
    const waiting: (() => void)[] = [];
    let most = 0;
    const opening = openAll(items, async (item) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return { item, close: async () => {} };
    });
    for (let opened = 0; opened < COUNT; ) {
      most = Math.max(most, waiting.length);
      // The last that waits goes first.
      const next = waiting.pop();
      if (next === undefined) await Promise.resolve();
      else opened += 1;
      next?.();
    }
    assert.deepEqual(
      (await opening).map(({ item }) => item),
      items,
    );
    assert.equal(most, DiskLimits.opensAtATime);
  });

  test('leaves none open where one fails, and rejects with the error of the first item that has one', async () => {
    const open = new Set<number>();
    const opening = openAll(items, async (item) => {
      if (item % 7 === 5) throw new Error(`no ${item}`);
      open.add(item);
      return {
        close: async () => {
          open.delete(item);
        },
      };
    });
    await assert.rejects(opening, /no 5/);
    assert.deepEqual([...open], []);
  });

  test('of nothing is nothing', async () => {
    assert.deepEqual(await openAll([], () => Promise.reject(new Error('asked'))), []);
  });
});
