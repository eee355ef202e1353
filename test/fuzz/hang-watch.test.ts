import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { firstToHang } from './hang-watch.ts';

const SECONDS = 0.3;

test('a process that uses a processor and does not answer hangs; one that answers, or only waits, does not', async () => {
  const burns = 'for (;;);';
  const waits = 'setInterval(() => {}, 1000)';
  const children = [burns, burns, waits].map((script) => spawn(process.execPath, ['-e', script]));
  const systems = children.map(({ pid }, place) => {
    assert(pid !== undefined);
    return { name: ['busy', 'hanging', 'idle'][place] ?? '', pid };
  });
  try {
    const ask = () => Promise.resolve(['busy']);
    assert.equal(await firstToHang(systems, ask, new AbortController().signal, SECONDS), 'hanging');
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
});

test('it stops when it is told to', async () => {
  const over = new AbortController();
  const ask = () => {
    over.abort();
    return Promise.resolve([]);
  };
  assert.equal(await firstToHang([{ name: 'self', pid: process.pid }], ask, over.signal, SECONDS), null);
});
