import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outstanding } from '../../../bench/load/outstanding.ts';

const target = (lun: number) => ({ lun, offset: 0 });

/** With commands for units 1, 2, ..., added at as many ms. */
function outstanding(count: number): Outstanding {
  const made = new Outstanding();
  for (let i = 1; i <= count; i += 1) made.add(target(i), i);
  return made;
}

test('commands run in order, and end in any', () => {
  const commands = outstanding(3);
  assert.deepEqual(
    [10, 11, 12, 13].map((tag) => commands.begin(tag)?.lun),
    [1, 2, 3, undefined],
  );
  assert.deepEqual(
    [12, 10, 11].map((tag) => commands.end(tag)),
    [3, 1, 2],
  );
});

test('a refused command is the next to run, with the time that it has had, once another one has ended', () => {
  const commands = outstanding(4);
  for (const tag of [10, 11, 12]) commands.begin(tag);
  commands.refuse(11);
  assert.equal(commands.refused, 1);
  assert.equal(commands.begin(13), null, 'two run, for which there was room');
  commands.end(12);
  assert.equal(commands.begin(13)?.lun, 2);
  assert.equal(commands.begin(14), null);
  assert.equal(commands.end(13), 2);
});

test('one may run, however little room there was', () => {
  const commands = outstanding(2);
  commands.begin(10);
  commands.refuse(10);
  assert.equal(commands.begin(11)?.lun, 1);
  assert.equal(commands.begin(12), null);
});

test('an answer to nothing is no answer', () => {
  const commands = outstanding(1);
  assert.throws(() => commands.end(10), /tag 10, under which nothing runs/);
});
