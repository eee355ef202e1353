import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NodeClock } from '../../../src/env/node/clock.ts';

const clock = new NodeClock();

test('what is asked for runs at the end of the turn, in order', async () => {
  const ran: string[] = [];
  clock.endOfTurn(() => ran.push('first'));
  clock.endOfTurn(() => ran.push('second'));
  await Promise.resolve();
  assert.deepEqual(ran, []);
  await new Promise(setImmediate);
  assert.deepEqual(ran, ['first', 'second']);
});

test('what is asked for at the end of a turn runs at the end of the next', async () => {
  const ran: string[] = [];
  clock.endOfTurn(() => {
    clock.endOfTurn(() => ran.push('next turn'));
    ran.push('this turn');
  });
  clock.endOfTurn(() => ran.push('this turn, too'));
  await new Promise(setImmediate);
  assert.deepEqual(ran, ['this turn', 'this turn, too']);
  await new Promise(setImmediate);
  assert.deepEqual(ran, ['this turn', 'this turn, too', 'next turn']);
});

test('a timer fires no earlier than asked, and never after it was cancelled', async () => {
  const start = clock.now();
  let fired = 0;
  const cancelled = clock.after(1, () => assert.fail('cancelled'));
  cancelled.cancel();
  await new Promise<void>((resolve) => {
    const timer = clock.after(3, () => {
      fired += 1;
      timer.cancel();
      resolve();
    });
  });
  assert.equal(fired, 1);
  assert(clock.now() - start >= 2);
});
