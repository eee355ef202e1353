import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskDone } from '../../../src/env/disk.ts';
import { GroupFlush } from '../../../src/env/node/group-flush.ts';

/** Flushes that have started, and turns of the loop that the test ends. */
function makeGroup() {
  const started: DiskDone[] = [];
  const turnEnds: (() => void)[] = [];
  const group = new GroupFlush(
    (done) => started.push(done),
    (run) => turnEnds.push(run),
  );
  const endTurn = (): void => {
    for (const run of turnEnds.splice(0)) run();
  };
  return { started, group, endTurn };
}

test('all calls of a turn share one flush', () => {
  const { started, group, endTurn } = makeGroup();
  let ended = 0;
  for (let calls = 0; calls < 32; calls += 1) group.join(() => ended++);
  assert.equal(started.length, 0, 'more may come in this turn');
  assert(!group.running);
  endTurn();
  assert.equal(started.length, 1);
  assert(group.running);
  started[0]?.(null);
  assert.equal(ended, 32);
  endTurn();
  assert.equal(started.length, 1);
});

test('calls that come while a flush runs share the next one, and not the running one', () => {
  const { started, group, endTurn } = makeGroup();
  const ended: string[] = [];
  const join = (name: string): void => group.join((error) => ended.push(`${name} ${error}`));
  join('a');
  endTurn();
  join('b');
  join('c');
  assert.equal(started.length, 1);
  started[0]?.(null);
  assert.deepEqual(ended, ['a null']);
  assert.equal(started.length, 2);
  join('d');
  started[1]?.('EIO');
  assert.deepEqual(ended, ['a null', 'b EIO', 'c EIO']);
  started[2]?.(null);
  assert.deepEqual(ended, ['a null', 'b EIO', 'c EIO', 'd null']);
  assert(!group.running);
  join('e');
  endTurn();
  assert.equal(started.length, 4);
});

test('a call from inside a callback is not lost', () => {
  const { started, group, endTurn } = makeGroup();
  let ended = 0;
  group.join(() => group.join(() => ended++));
  endTurn();
  started[0]?.(null);
  endTurn();
  started[1]?.(null);
  assert.equal(ended, 1);
});
