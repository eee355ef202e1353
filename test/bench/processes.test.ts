import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Processes } from '../../bench/processes.ts';

const SECONDS = 60;
/** Ends when it has used 0.1 s of CPU time itself. */
const BUSY = `
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
while (used() < 0.1);
console.log('done');`;

test("a counted process's CPU time is what it has used, and none of those before", async () => {
  const processes = new Processes();
  const busy = () => processes.runCounted(process.execPath, ['-e', BUSY], SECONDS);
  await busy();
  const { output, cpuSeconds } = await busy();
  assert.equal(output, 'done\n');
  // Two roundings of user and two of system time to 10 ms.
  assert.ok(cpuSeconds >= 0.08, `${cpuSeconds}`);
  const { cpuSeconds: ofAlmostNothing } = await processes.runCounted('true', [], SECONDS);
  assert.ok(ofAlmostNothing < 0.1, `${ofAlmostNothing}`);
});

test('what a process used is not known where another one has ended meanwhile', async () => {
  const processes = new Processes();
  const other = processes.start('sleep', [`${SECONDS}`]);
  // It is in /proc until its end has been taken note of.
  const script = 'kill "$0"; while [ -e "/proc/$0" ]; do sleep 0.01; done';
  await assert.rejects(
    processes.runCounted('sh', ['-c', script, `${other.pid}`], SECONDS),
    /another process has ended while sh ran/,
  );
  assert.equal(await other.ended, 'signal SIGTERM');
});

test('a counted process that fails is told of as any other', async () => {
  await assert.rejects(new Processes().runCounted('false', [], SECONDS), /false ended with exit code 1/);
});
