/** docs/decisions/0016-reuse.md: what a short command may allocate in the steady state. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countBySite, isOfStore } from '../../../../bench/micro/allocations/allocations.ts';
import { Processes } from '../../../../bench/processes.ts';

/** Enough for the compiler to have seen to all that counts. */
const WARM_UP_COMMANDS = 10_000;

/**
 * Objects of one command, rounded up: a lease for each buffer, a view of each piece that is copied out of the receive buffer, the read set
 * of a proxying system, and the share of what all commands of a turn are sent with.
 */
const MOST = new Map([
  ['4 KiB read, direct', 2],
  ['4 KiB write, direct', 3],
  ['4 KiB read, proxied', 6],
  ['4 KiB write, proxied', 6],
]);

test('a command allocates what holds its data, and nothing else', async () => {
  const counted = await countBySite(new Processes(), WARM_UP_COMMANDS);
  assert.deepEqual(
    counted.map(({ title }) => title),
    [...MOST.keys()],
  );
  for (const { title, sites } of counted) {
    const own = sites.filter((site) => !isOfStore(site));
    const objects = own.reduce((sum, site) => sum + site.objects, 0);
    const list = own.map((site) => `${site.objects.toFixed(2)} ${site.name}`).join('\n');
    assert.ok(objects <= (MOST.get(title) ?? 0), `${title}: ${objects.toFixed(2)} objects:\n${list}`);
    assert.ok(objects > 1, 'they were counted');
  }
});
