import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadCredit } from '../../../src/iscsi/transfer/read-credit.ts';
import { IscsiLimits } from '../../../src/limits.ts';

const { dataInPerCommand, dataInPerSession, readSetLength } = IscsiLimits;

class Taker {
  readonly given: number[] = [];
  wanted: number;

  constructor(wanted: number) {
    this.wanted = wanted;
  }

  creditWanted(): number {
    return this.wanted;
  }

  creditGiven(amount: number): void {
    this.given.push(amount);
    this.wanted -= amount;
  }
}

/** A session whose room is all taken. */
function exhausted(): ReadCredit {
  const credit = new ReadCredit();
  let taken = 0;
  while (taken < dataInPerSession) taken += credit.takeNow(dataInPerCommand);
  assert.equal(taken, dataInPerSession);
  assert.equal(credit.takeNow(1), 0);
  return credit;
}

test('commands that wait are served in the order of their coming, in whole sets', () => {
  const credit = exhausted();
  const first = new Taker(readSetLength);
  const second = new Taker(4096);
  credit.wait(first);
  credit.wait(second);
  credit.giveBack(readSetLength - 1);
  assert.deepEqual(first.given, []);
  assert.deepEqual(second.given, [], 'the second does not overtake');
  credit.giveBack(4097);
  assert.deepEqual(first.given, [readSetLength]);
  assert.deepEqual(second.given, [4096]);
});

test('nobody gets room at once while others wait', () => {
  const credit = exhausted();
  credit.wait(new Taker(readSetLength));
  credit.giveBack(4096);
  assert.equal(credit.takeNow(512), 0);
});

test('a command that wants nothing any more leaves the queue', () => {
  const credit = exhausted();
  const gone = new Taker(0);
  const other = new Taker(512);
  credit.wait(gone);
  credit.wait(other);
  credit.giveBack(512);
  assert.deepEqual(gone.given, [0]);
  assert.deepEqual(other.given, [512]);
});
