import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Bench } from '../../../bench/bench.ts';
import { type Counts, countsText, type MicroBenchmark, microBenchmarks } from '../../../bench/micro/micro.ts';
import { Processes } from '../../../bench/processes.ts';
import { subCommands } from '../../../bench/sub-commands.ts';
import { Workspace } from '../../../bench/workspace.ts';

/** Each word of the help: the parts that it names. */
const WORDS = [
  ...['codec', 'deframer', 'buffer pool', 'CRC32C', 'router', 'session', 'relay', 'store', 'ring'],
];
const TIMES = 64;

describe('the parts', () => {
  let bench: Bench;
  let parts: readonly MicroBenchmark[];
  before(async () => {
    const workspace = await Workspace.make();
    bench = { rounds: 1, seconds: 1, processes: new Processes(), workspace, progress() {} };
    parts = await microBenchmarks(bench);
  });
  after(() => bench.workspace.remove());

  test('are found by the words of the help', () => {
    const help = subCommands.get('micro')?.help ?? '';
    for (const word of WORDS) {
      assert.match(help, new RegExp(`^  ${word} `, 'm'));
      assert.ok(parts.some(({ name }) => name.includes(word)));
    }
    assert.ok(parts.every(({ name }) => WORDS.some((word) => name.includes(word))));
  });

  test('have names of their own', () => {
    assert.equal(new Set(parts.map(({ name }) => name)).size, parts.length);
  });

  test('do what they say, or there is a reason', async () => {
    for (const part of parts) await done(part);
  });

  const counts = async (name: string): Promise<Counts | null> => {
    const part = parts.find((each) => each.name === name);
    assert.ok(part !== undefined);
    return done(part);
  };

  test('tell of a cached read that it is one system call', async () => {
    const { read = 0, fdatasync } = (await counts('store, cached read of 4096 bytes')) ?? {};
    assert.ok(read >= TIMES && read < 2 * TIMES, `${read}`);
    assert.equal(fdatasync, 0);
  });

  test('tell that those who wait for a flush share it', async () => {
    const { fdatasync = 0 } = (await counts('store, flush of nothing, 32 at a time')) ?? {};
    assert.ok(fdatasync >= 1 && fdatasync <= 4, `${fdatasync}`);
  });

  test('tell that io_uring takes what comes in one turn with one call', async () => {
    const alone = await counts('ring, io_uring, read 4096 bytes, 1 at a time');
    const together = await counts('ring, io_uring, read 4096 bytes, 32 at a time');
    assert.equal(alone?.io_uring_enter, TIMES);
    assert.ok((together?.io_uring_enter ?? TIMES) < TIMES);
  });
});

/** Gives what it counted for TIMES of it, or null where it can't run. */
async function done(part: MicroBenchmark): Promise<Counts | null> {
  if (((await part.begin?.()) ?? null) !== null) return null;
  const before = part.counts?.() ?? {};
  await part.run(TIMES);
  const now = Object.entries(part.counts?.() ?? {});
  await part.end?.();
  return Object.fromEntries(now.map(([name, count]) => [name, count - (before[name] ?? 0)]));
}

test('what is not worth a number is left out of the counts', () => {
  assert.equal(countsText({ read: 1.004, write: 0.0001, fdatasync: 0.0625 }), '1.00 read, 0.06 fdatasync');
  assert.equal(countsText({}), '');
});
