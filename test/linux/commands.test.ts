/** Linux's sg3_utils, which nobody here wrote, over a direct and a proxied path of one unit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countersOf } from '../support/status.ts';
import { runScenario } from './scenario.ts';

test('SCSI commands and persistent reservations of the Linux kernel do the same by a direct and a proxied path', async () => {
  await runScenario('commands.sh', async ({ cluster, says }) => {
    await says(/^identified$/);
    await says(/^passes/);
    await says(/^third-party copy/);
    await says(/^block commands/);
    await says(/^reservations/);
    await says(/^LOGICAL UNIT RESET/);
    const proxied = countersOf(await cluster.status(), 'vol-b', 'alpha-proxy');
    assert(proxied.commandsProxied > 0, 'one of the paths was a proxied one');
  });
});
