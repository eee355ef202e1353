import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Path, Stage } from '../../src/latency/stage.ts';
import { Stages } from '../../src/latency/stages.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { blockCdb } from '../support/scsi.ts';

const READ_16 = blockCdb(0x88, 0, 8);
const WRITE_16 = blockCdb(0x8a, 0, 8);
const START = { receivedAt: 0 };
const TEST_UNIT_READY = new Uint8Array(16);

/** Whether each of so many commands is timed. */
function timed(stages: Stages, cdb: Uint8Array, commands: number): boolean[] {
  return Array.from({ length: commands }, () => stages.begin(Path.direct, cdb, START) !== null);
}

test('the first command of a kind is timed, and every so many after it', () => {
  const stages = new Stages(new ManualClock(), 1, 3);
  assert.deepEqual(timed(stages, READ_16, 7), [true, false, false, true, false, false, true]);
  assert.deepEqual(timed(stages, WRITE_16, 2), [true, false], 'whatever was read meanwhile');
  assert.deepEqual(timed(stages, TEST_UNIT_READY, 1), [true]);
  assert.notEqual(stages.begin(Path.served, READ_16, START), null, "a partner's are others");
});

test('of what is read one in so many has a time, and in the others no command is timed', () => {
  const clock = new ManualClock();
  const stages = new Stages(clock, 3, 1);
  clock.pass(7);
  const arrivals = Array.from({ length: 5 }, () => stages.arrival());
  assert.deepEqual(arrivals, [7, null, null, 7, null]);
  assert.equal(stages.begin(Path.direct, READ_16, { receivedAt: null }), null);
});

test('unless it is told, a command in 319 is timed, however many are read at once', () => {
  for (const batch of [1, 29, 32]) {
    const stages = new Stages(new ManualClock());
    let begun = 0;
    for (let reads = 0; reads < 11 * 29 * 10; reads++) {
      const from = { receivedAt: stages.arrival() };
      for (let n = 0; n < batch; n++) if (stages.begin(Path.direct, READ_16, from) !== null) begun += 1;
    }
    assert.equal(begun, 10 * batch);
  }
});

test('time belongs to what was waited for, and all of it together is the total', () => {
  const clock = new ManualClock();
  const stages = new Stages(clock, 1, 1);
  clock.pass(1);
  const timing = stages.begin(Path.direct, WRITE_16, START);
  for (const [milliseconds, stage] of [
    [2, Stage.received],
    [4, Stage.stored],
    [8, Stage.received],
    [16, Stage.stored],
    [32, Stage.answered],
  ] as const) {
    clock.pass(milliseconds);
    timing?.enter(stage);
  }
  clock.pass(64);
  timing?.release();
  const [latency] = stages.latencies();
  const milliseconds = Object.entries(latency?.stages ?? {}).map(([name, { count, max }]) => [
    name,
    count,
    max / 1000,
  ]);
  assert.deepEqual(milliseconds, [
    ['received', 1, 1 + 4 + 16],
    ['queued', 1, 2],
    ['stored', 1, 8 + 32],
    ['answered', 1, 64],
  ]);
  assert.deepEqual([latency?.total.count, latency?.total.max], [1, 127_000]);
});

test('a command that was forwarded is a proxied one, wherever it was before', () => {
  const stages = new Stages(new ManualClock(), 1, 1);
  const timing = stages.begin(Path.direct, READ_16, START);
  timing?.enter(Stage.forwarded);
  timing?.enter(Stage.answered);
  timing?.release();
  const found = stages.latencies().map(({ path, kind, stages }) => [path, kind, Object.keys(stages)]);
  assert.deepEqual(found, [['proxied', 'read', ['received', 'queued', 'forwarded', 'answered']]]);
});

test('what is not answered counts nowhere', () => {
  const stages = new Stages(new ManualClock(), 1, 1);
  stages.begin(Path.served, READ_16, START)?.enter(Stage.stored);
  assert.deepEqual(stages.latencies(), []);
});

test('what begins with READ or WRITE by name alone is another kind', () => {
  const stages = new Stages(new ManualClock(), 1, 1);
  const READ_CAPACITY_10 = Uint8Array.of(0x25, 0);
  const WRITE_SAME_10 = Uint8Array.of(0x41, 0);
  for (const cdb of [READ_CAPACITY_10, WRITE_SAME_10, new Uint8Array(0)])
    stages.begin(Path.direct, cdb, START)?.release();
  assert.deepEqual(
    stages.latencies().map(({ kind, total }) => [kind, total.count]),
    [['other', 3]],
  );
});
