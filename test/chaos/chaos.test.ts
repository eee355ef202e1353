/** Issue 3: ten faults of `npm run chaos`, from one seed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runChaos } from './run.ts';
import { textOf } from './summary.ts';

/** Most ways of a relay, SIGSTOP, both systems killed, and a stall that outlasts the clients' patience. */
const PLAN = { seed: 366, failures: 7, kills: 3, longest: 4.5 };

test('nothing acknowledged is lost and nothing stale appears across ten faults', async (t) => {
  const { signal } = t;
  const summary = await runChaos({ ...PLAN, signal, tell: (line) => t.diagnostic(line) });
  t.diagnostic(textOf(summary));
  assert.deepEqual(summary.findings, []);
  for (const { writes, reads } of summary.clients) assert(writes > 0 && reads > 0);
  assert(summary.qemu.writes > 0 && summary.qemu.reads > 0);
});
