/** Ctrl-C in a terminal goes to every process of the terminal's group. */
import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { Lines } from '../support/lines.ts';
import type { Summary } from './run.ts';

const ENTRY = path.resolve(import.meta.dirname, 'main.js');
const PATIENCE_MILLISECONDS = 120_000;

type Fuzzer = ChildProcessByStdio<null, Readable, Readable>;

/** A run without end, in a group of its own as a shell starts it, of which the first batch is over. */
async function underWay(): Promise<{
  readonly fuzzer: Fuzzer;
  readonly group: number;
  readonly out: Lines;
  readonly systems: readonly number[];
}> {
  const fuzzer = spawn(process.execPath, [ENTRY, '--json', '--count', '1000000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const out = new Lines(fuzzer.stdout);
  await new Lines(fuzzer.stderr).waitFor(/^seed 1: \d+ of 1000000/, PATIENCE_MILLISECONDS);
  assert(fuzzer.pid !== undefined);
  const children = readFileSync(`/proc/${fuzzer.pid}/task/${fuzzer.pid}/children`, 'utf8').trim();
  const systems = children.split(' ').map(Number);
  assert.equal(systems.length, 2);
  return { fuzzer, group: -fuzzer.pid, out, systems };
}

/** What is killed is gone when the kernel has taken it apart. */
async function gone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  while (pids.some(runs)) {
    assert(performance.now() < deadline, `of ${pids} some still run`);
    await setTimeout(20);
  }
}

/** Whether it is there, and not a zombie that nobody has waited for. */
function runs(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

test('Ctrl-C ends with the summary so far, finds nothing by it, and leaves no system behind', async () => {
  const { fuzzer, group, out, systems } = await underWay();
  process.kill(group, 'SIGINT');
  const [code] = await once(fuzzer, 'close');
  const summary: Summary = JSON.parse(out.text);
  assert.deepEqual(summary.findings, []);
  assert.equal(summary.interrupted, true);
  assert.equal(code, 130);
  assert(summary.messages > 0);
  assert.deepEqual(systems.filter(runs), []);
});

test('a second Ctrl-C ends at once, and the systems with it', async () => {
  const { fuzzer, group, systems } = await underWay();
  process.kill(group, 'SIGINT');
  process.kill(group, 'SIGTERM');
  const [code] = await once(fuzzer, 'close');
  assert.equal(code, 130);
  await gone(systems);
});
