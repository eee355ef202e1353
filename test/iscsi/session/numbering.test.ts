import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Numbering } from '../../../src/iscsi/session/numbering.ts';
import { IscsiLimits } from '../../../src/limits.ts';

const LAST = 0xffffffff;
const path = {};

function holding(numbering: Numbering, seen: string[]) {
  return (cmdSN: number, name: string) => {
    const placing = numbering.place(cmdSN);
    const request = { path, deliver: () => seen.push(name) };
    if (placing === 'later') numbering.hold(cmdSN, request);
    if (placing !== 'now') return placing;
    request.deliver();
    numbering.deliverEarly();
    return placing;
  };
}

test('commands that come early wait for those before them', () => {
  const seen: string[] = [];
  const arrive = holding(new Numbering(LAST), seen);
  assert.equal(arrive(1, 'third'), 'later');
  assert.equal(arrive(0, 'second'), 'later');
  assert.equal(arrive(0, 'again'), 'ignore');
  assert.equal(arrive(LAST, 'first'), 'now');
  assert.deepEqual(seen, ['first', 'second', 'third']);
  assert.equal(arrive(1, 'late'), 'ignore');
});

test('the window holds as many commands as it announces, and opens with each answer', () => {
  const numbering = new Numbering(1);
  const last = numbering.maxCmdSN;
  assert.equal(last, IscsiLimits.commandWindow);
  for (let cmdSN = 1; cmdSN <= last; cmdSN++) assert.equal(numbering.place(cmdSN), 'now');
  assert.equal(numbering.place(last + 1), 'ignore');
  numbering.answered();
  assert.equal(numbering.place(last + 1), 'now');
});

test('what is fenced waits for everything before it', () => {
  const seen: string[] = [];
  const numbering = new Numbering(1);
  const arrive = holding(numbering, seen);
  arrive(2, 'two');
  numbering.fence(3, { path, deliver: () => seen.push('fenced') });
  assert.equal(seen.length, 0);
  arrive(1, 'one');
  assert.equal(seen.join(), 'one,two,fenced');
  numbering.fence(3, { path, deliver: () => seen.push('at once') });
  assert.deepEqual(seen, ['one', 'two', 'fenced', 'at once']);
});

test('a plugged number is passed over, and its room given back', () => {
  const seen: string[] = [];
  const numbering = new Numbering(1);
  const arrive = holding(numbering, seen);
  const before = numbering.maxCmdSN;
  arrive(2, 'two');
  numbering.plug(1);
  assert.deepEqual(seen, ['two']);
  assert.equal(numbering.expCmdSN, 3);
  assert.equal(numbering.maxCmdSN, before + 1);
});

test('what waits is forgotten with the connection that it came by, and may come again by another', () => {
  const seen: string[] = [];
  const numbering = new Numbering(1);
  const arrive = holding(numbering, seen);
  arrive(2, 'two');
  numbering.hold(3, { path: {}, deliver: () => seen.push('three of another') });
  numbering.fence(4, { path, deliver: () => seen.push('fenced') });
  numbering.forget(path);
  arrive(1, 'one');
  assert.deepEqual(seen, ['one']);
  assert.equal(numbering.isKnown(1), true);
  assert.equal(numbering.isKnown(2), false);
  assert.equal(arrive(2, 'two again'), 'now');
  assert.deepEqual(seen, ['one', 'two again', 'three of another']);
});

test('what ends the session in its turn is the last that is delivered, of what came early and of what was fenced', () => {
  const seen: string[] = [];
  const numbering = new Numbering(1);
  const ends = {
    path,
    deliver: () => {
      seen.push('ends');
      numbering.close();
    },
  };
  const never = (name: string) => ({ path, deliver: () => seen.push(name) });
  numbering.hold(2, ends);
  numbering.hold(3, never('early'));
  numbering.fence(2, ends);
  numbering.fence(2, never('fenced'));
  assert.deepEqual(seen, []);
  assert.equal(numbering.place(1), 'now');
  numbering.deliverEarly();
  assert.deepEqual(seen, ['ends']);
  const fencedAlone = new Numbering(1);
  fencedAlone.fence(2, { path, deliver: () => fencedAlone.close() });
  fencedAlone.fence(2, never('fenced'));
  assert.equal(fencedAlone.place(1), 'now');
  fencedAlone.deliverEarly();
  assert.deepEqual(seen, ['ends']);
  assert.equal(numbering.waitsFor, null);
});
