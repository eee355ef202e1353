import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DataOutTransfer } from '../../../src/iscsi/transfer/data-out-transfer.ts';
import { NO_TAG } from '../../../src/wire/iscsi/bhs.ts';

test('a write is taken as immediate data, unsolicited data, then bursts', () => {
  const transfer = new DataOutTransfer();
  transfer.start(10_000, 1000, false, 4000);
  assert.equal(transfer.unsolicitedLength, 4000);
  transfer.immediateArrived(1000);
  transfer.ask(4000, 6000);
  assert.equal(transfer.burstToAskFor(4000), 0, 'not while unsolicited data is on its way');
  assert.equal(transfer.mistake(NO_TAG, 0, 1000, 3000, true), null);
  transfer.arrived(3000, true);
  assert.equal(transfer.burstToAskFor(4000), 4000);
  transfer.asked(9, 4000);
  assert.equal(transfer.mistake(9, 0, 4000, 2000, false), null);
  transfer.arrived(2000, false);
  assert(transfer.due);
  assert.equal(transfer.mistake(9, 1, 6000, 2000, true), null);
  transfer.arrived(2000, true);
  assert.equal(transfer.burstToAskFor(4000), 2000);
});

test('unsolicited data that was announced and not sent is asked for', () => {
  const transfer = new DataOutTransfer();
  transfer.start(4000, 0, false, 4000);
  transfer.arrived(1000, true);
  assert.equal(transfer.due, false);
  assert.equal(transfer.burstToAskFor(65536), 3000);
});

test('each way to break a sequence is a mistake', () => {
  const transfer = new DataOutTransfer();
  transfer.start(4000, 0, true, 4000);
  assert.match(transfer.mistake(NO_TAG, 0, 0, 100, true) ?? '', /tag/, 'nothing was asked for');
  transfer.ask(0, 4000);
  transfer.asked(5, 2000);
  assert.match(transfer.mistake(NO_TAG, 0, 0, 2000, true) ?? '', /tag/);
  assert.match(transfer.mistake(6, 0, 0, 2000, true) ?? '', /tag/);
  assert.match(transfer.mistake(5, 1, 0, 2000, true) ?? '', /DataSN/);
  assert.match(transfer.mistake(5, 0, 500, 1500, true) ?? '', /offset/);
  assert.match(transfer.mistake(5, 0, 0, 2001, true) ?? '', /more data/);
  assert.match(transfer.mistake(5, 0, 0, 1999, true) ?? '', /too little/);
  assert.match(transfer.mistake(5, 0, 0, 2000, false) ?? '', /F bit/);
  assert.match(transfer.mistake(5, 0, 0, 0, false) ?? '', /no data/);
});
