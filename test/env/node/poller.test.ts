import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Poller } from '../../../src/env/node/poller.ts';

const WINDOW = 10;
const LITTLE = 4096;
const MUCH = 65536;
const FEW = 8;
const MANY = 9;

/** A loop whose turns take a millisecond each, and are the test's to make. */
class Loop {
  time = 0;
  others = 0;
  looks = 0;
  readonly poller: Poller;
  #next: (() => void) | null = null;

  constructor() {
    this.poller = new Poller(
      {
        now: () => this.time,
        nextTurn: (run) => {
          assert.equal(this.#next, null, 'one look at a time');
          this.#next = run;
        },
        switches: () => this.others,
      },
      WINDOW,
    );
  }

  get isLooking(): boolean {
    return this.#next !== null;
  }

  turn(): void {
    this.time += 1;
    const run = this.#next;
    if (run === null) return;
    this.#next = null;
    this.looks += 1;
    run();
  }

  /** Until it sleeps; gives how often it has looked. */
  untilAsleep(): number {
    const before = this.looks;
    while (this.isLooking) this.turn();
    return this.looks - before;
  }

  /** Inputs, each of which finds the loop asleep, until one is followed by a look: how many were not. */
  inputsLeftOut(): number {
    for (let leftOut = 0; ; leftOut += 1) {
      this.poller.input(LITTLE, FEW);
      if (this.isLooking) return leftOut;
    }
  }
}

test('without input the loop is never kept from sleeping', () => {
  const loop = new Loop();
  assert.equal(loop.isLooking, false);
});

test('after an input the loop looks for more for the time it was given, and then sleeps', () => {
  const loop = new Loop();
  loop.poller.input(LITTLE, FEW);
  assert.equal(loop.untilAsleep(), WINDOW);
});

test('what comes while it looks gives it that time again', () => {
  const loop = new Loop();
  loop.poller.input(LITTLE, FEW);
  for (let answer = 0; answer < 100; answer += 1) {
    for (let wait = 0; wait < WINDOW - 1; wait += 1) loop.turn();
    loop.poller.input(LITTLE, FEW);
    assert(loop.isLooking, `after ${answer} answers`);
  }
  assert.equal(loop.untilAsleep(), WINDOW + 1);
});

test('where nothing comes in time, twice as many inputs each time are not followed by looking, up to a bound', () => {
  const loop = new Loop();
  const leftOut = [];
  for (let round = 0; round < 13; round += 1) {
    leftOut.push(loop.inputsLeftOut());
    loop.untilAsleep();
  }
  assert.deepEqual(leftOut, [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024]);
});

test('once it has done good, one failure costs it one input', () => {
  const loop = new Loop();
  for (let round = 0; round < 8; round += 1) {
    loop.inputsLeftOut();
    loop.untilAsleep();
  }
  assert.equal(loop.inputsLeftOut(), 128);
  loop.poller.input(LITTLE, FEW);
  loop.untilAsleep();
  assert.equal(loop.inputsLeftOut(), 1);
});

test('an input that came while another thread had the processor ends it: it would have been woken as soon', () => {
  const loop = new Loop();
  loop.poller.input(LITTLE, FEW);
  loop.turn();
  loop.others += 1;
  loop.poller.input(LITTLE, FEW);
  assert.equal(loop.untilAsleep(), 1);
  assert.equal(loop.inputsLeftOut(), 1);
});

test('long inputs are not followed by looking, and end it', () => {
  const loop = new Loop();
  loop.poller.input(MUCH, FEW);
  assert.equal(loop.isLooking, false);
  loop.inputsLeftOut();
  loop.poller.input(MUCH, FEW);
  loop.poller.input(LITTLE, FEW);
  assert.equal(loop.untilAsleep(), 1);
});

test('many messages at a time are not followed by looking, and end it', () => {
  const loop = new Loop();
  loop.poller.input(LITTLE, MANY);
  assert.equal(loop.isLooking, false);
  loop.inputsLeftOut();
  loop.poller.input(LITTLE, MANY);
  assert.equal(loop.untilAsleep(), 1);
});

for (const [what, length, messages] of [
  ['a long input', MUCH, FEW],
  ['many messages at a time', LITTLE, MANY],
] as const) {
  test(`once there has been ${what}, the next 64 inputs are not followed by looking`, () => {
    const loop = new Loop();
    loop.poller.input(length, messages);
    assert.equal(loop.inputsLeftOut(), 64);
  });
}

test('many commands of which most come a few at a time are never looked for', () => {
  const loop = new Loop();
  loop.poller.input(LITTLE, MANY);
  for (let round = 0; round < 100; round += 1) {
    for (let part = 0; part < 5; part += 1) {
      loop.poller.input(LITTLE, FEW);
      loop.turn();
    }
    loop.poller.input(LITTLE, MANY);
  }
  assert.equal(loop.looks, 0);
});

test('looking that was ended and begun again within a turn looks once a turn', () => {
  const loop = new Loop();
  loop.poller.input(LITTLE, FEW);
  loop.poller.input(LITTLE, MANY);
  for (let leftOut = 0; leftOut <= 64; leftOut += 1) loop.poller.input(LITTLE, FEW);
  assert.equal(loop.untilAsleep(), WINDOW);
});
