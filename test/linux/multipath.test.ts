/** The Linux kernel's initiator with multipath: a disk whose paths die under load, each in its turn, and come back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countersOf } from '../support/status.ts';
import { runScenario } from './scenario.ts';

test('dm-multipath over a direct and a proxied path survives the loss of each, and returns to the direct one', async () => {
  await runScenario('multipath.sh', async ({ cluster, cable, says, asks }) => {
    const priorities = await says(/^priorities/);
    assert.equal(priorities, 'priorities 50 10', 'active/optimized, then active/non-optimized');
    await says(/^fio verified: 1 job/);

    // Nobody listens then: an iscsid whose connection is taken and then reset may never come back (docs/initiators.md).
    const ends = { reset: () => cable.withdraw(), silence: () => cable.stall() };
    for (const [cut, act] of Object.entries(ends)) {
      const before = countersOf(await cluster.status(), 'vol-b', 'alpha-proxy');
      await asks(cut, act);
      await says(new RegExp(`^after the ${cut}`));
      const during = countersOf(await cluster.status(), 'vol-b', 'alpha-proxy');
      assert(during.bytesWritten > before.bytesWritten, 'the load went on through alpha');
      await asks(`heal-${cut}`, () => cable.heal());
      await says(/^after the heal/);
    }

    await asks('cut-interconnect', () => cluster.interconnect.reset());
    await asks('heal-interconnect', () => cluster.interconnect.heal());
    await says(/^the proxied path is back$/);
  });
});
