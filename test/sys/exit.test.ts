import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../stores/temporary.ts';

test('a process ends at once though a thread of its pool is stuck in a call', (t) => {
  const fifo = path.join(
    temporaryFolder((undo) => t.after(undo)),
    'fifo',
  );
  execFileSync('mkfifo', [fifo]);
  const exit = path.resolve(import.meta.dirname, '../../src/sys/exit.js');
  // Opening a FIFO waits for somebody who writes to it. The second call tells that the first has a thread.
  const script = `
    import fs from 'node:fs';
    import { exitAtOnce } from ${JSON.stringify(exit)};
    fs.open(${JSON.stringify(fifo)}, 'r', () => {});
    fs.stat('/', () => exitAtOnce(74));`;
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { timeout: 60_000 });
  assert.equal(status, 74);
});
