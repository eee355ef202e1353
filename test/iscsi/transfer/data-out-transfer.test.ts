import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BufferPool } from '../../../src/buffers/buffer-pool.ts';
import { type DataOutRules, DataOutTransfer } from '../../../src/iscsi/transfer/data-out-transfer.ts';
import { NO_TAG } from '../../../src/wire/iscsi/bhs.ts';

function rules(firstBurstLength: number, changes: Partial<DataOutRules> = {}): DataOutRules {
  return {
    firstBurstLength,
    maxOutstandingR2T: 1,
    dataPduInOrder: true,
    dataSequenceInOrder: true,
    ...changes,
  };
}

test('a write is taken as immediate data, unsolicited data, then bursts', () => {
  const transfer = new DataOutTransfer();
  transfer.start(10_000, 1000, false, rules(4000));
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
  transfer.start(4000, 0, false, rules(4000));
  assert.equal(transfer.mistake(NO_TAG, 0, 0, 1000, true), null);
  transfer.arrived(1000, true);
  assert.equal(transfer.due, false);
  assert.equal(transfer.burstToAskFor(65536), 3000);
});

test('each way to break a sequence is a mistake', () => {
  const transfer = new DataOutTransfer();
  transfer.start(4000, 0, true, rules(4000));
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

test('as many bursts are asked for as may be outstanding, and they come in their order', () => {
  const transfer = new DataOutTransfer();
  transfer.start(5000, 0, true, rules(4000, { maxOutstandingR2T: 2 }));
  transfer.ask(0, 5000);
  transfer.asked(1, transfer.burstToAskFor(2000));
  assert.deepEqual([transfer.burstOffset, transfer.burstToAskFor(2000)], [2000, 2000]);
  transfer.asked(2, 2000);
  assert.equal(transfer.burstToAskFor(2000), 0, 'two are outstanding');
  assert.match(transfer.mistake(2, 0, 2000, 2000, true) ?? '', /tag/);
  assert.equal(transfer.mistake(1, 0, 0, 2000, true), null);
  transfer.arrived(2000, true);
  assert.deepEqual([transfer.burstOffset, transfer.burstToAskFor(2000)], [4000, 1000]);
  assert.equal(transfer.mistake(2, 0, 2000, 2000, true), null);
});

test('where no order was agreed on, data waits until what belongs in front of it is here', () => {
  const pool = new BufferPool(0);
  const transfer = new DataOutTransfer();
  const free = { maxOutstandingR2T: 2, dataPduInOrder: false, dataSequenceInOrder: false };
  transfer.start(4000, 0, true, rules(4000, free));
  transfer.ask(0, 4000);
  transfer.asked(1, transfer.burstToAskFor(2000));
  transfer.asked(2, transfer.burstToAskFor(2000));
  const early = (tag: number, dataSN: number, offset: number, final: boolean) => {
    assert.equal(transfer.mistake(tag, dataSN, offset, 1000, final), null);
    assert.equal(transfer.isNext, false);
    transfer.earlyBuffer(pool, 1000).fill(offset / 1000);
    transfer.arrived(1000, final);
  };
  early(2, 0, 3000, false);
  early(1, 0, 1000, false);
  assert.match(transfer.mistake(1, 1, 1000, 1000, true) ?? '', /offset/, 'it is here already');
  early(2, 1, 2000, true);
  assert.equal(transfer.takeEarly(), null);
  assert.equal(transfer.mistake(1, 1, 0, 1000, true), null);
  assert(transfer.isNext);
  transfer.arrived(1000, true);
  for (const expected of [1, 2, 3]) {
    const lease = transfer.takeEarly();
    assert.equal(lease?.bytes[0], expected);
    lease?.release();
  }
  assert.equal(transfer.due, false);
  assert.equal(transfer.burstToAskFor(2000), 0, 'nothing is missing');
  assert.equal(pool.leasedBytes, 0);
});

test('each hole that a sequence leaves is asked for', () => {
  const pool = new BufferPool(0);
  const transfer = new DataOutTransfer();
  transfer.start(4000, 0, false, rules(4000, { dataPduInOrder: false }));
  for (const [dataSN, offset] of [500, 3000].entries()) {
    assert.equal(transfer.mistake(NO_TAG, dataSN, offset, 500, dataSN === 1), null);
    transfer.earlyBuffer(pool, 500);
    transfer.arrived(500, dataSN === 1);
  }
  const bursts: [number, number][] = [];
  for (let length = transfer.burstToAskFor(1500); length > 0; length = transfer.burstToAskFor(1500)) {
    const offset = transfer.burstOffset;
    bursts.push([offset, length]);
    transfer.asked(bursts.length, length);
    assert.equal(transfer.mistake(bursts.length, 0, offset, length, true), null);
    if (!transfer.isNext) transfer.earlyBuffer(pool, length);
    transfer.arrived(length, true);
    for (let lease = transfer.takeEarly(); lease !== null; lease = transfer.takeEarly()) lease.release();
  }
  assert.deepEqual(bursts, [
    [0, 500],
    [1000, 1500],
    [2500, 500],
    [3500, 500],
  ]);
  assert.equal(transfer.nextOffset, 4000);
  assert.equal(pool.leasedBytes, 0);
});

test('data that could not be used is asked for again when its sequence has ended', () => {
  const pool = new BufferPool(0);
  const transfer = new DataOutTransfer();
  transfer.start(3000, 0, true, rules(4000));
  transfer.ask(0, 3000);
  transfer.asked(1, transfer.burstToAskFor(3000));
  assert.equal(transfer.mistake(1, 0, 0, 1000, false), null);
  transfer.arrivedWrong(1000, false);
  assert.equal(transfer.burstToAskFor(3000), 0);
  assert.equal(transfer.mistake(1, 1, 1000, 2000, true), null);
  transfer.earlyBuffer(pool, 2000);
  transfer.arrived(2000, true);
  assert.deepEqual([transfer.burstOffset, transfer.burstToAskFor(3000)], [0, 1000]);
  transfer.drop();
  assert.equal(pool.leasedBytes, 0);
});

test('data that is coming when its command ends is given back when it has come', () => {
  const pool = new BufferPool(0);
  const transfer = new DataOutTransfer();
  transfer.start(2000, 0, false, rules(2000, { dataPduInOrder: false }));
  assert.equal(transfer.mistake(NO_TAG, 0, 1000, 1000, false), null);
  transfer.earlyBuffer(pool, 1000);
  transfer.drop();
  assert.equal(pool.leasedBytes, 1000, 'it is being filled');
  transfer.arrived(1000, false);
  assert.equal(pool.leasedBytes, 0);
  transfer.start(2000, 0, false, rules(2000, { dataPduInOrder: false }));
  assert.equal(transfer.mistake(NO_TAG, 0, 1000, 1000, false), null);
  transfer.earlyBuffer(pool, 1000);
  transfer.arrived(1000, false);
  assert.equal(pool.leasedBytes, 1000, 'the next command keeps its own');
  transfer.drop();
});

/** What any transfer has to come to, however it is cut, ordered and damaged: all of it, in order, each byte once. */
function assertComesWhole(
  total: number,
  unsolicited: number,
  maxBurst: number,
  outstanding: number,
  choices: number[],
) {
  const pool = new BufferPool(0);
  const transfer = new DataOutTransfer();
  const free = { maxOutstandingR2T: outstanding, dataPduInOrder: false, dataSequenceInOrder: false };
  transfer.start(total, 0, unsolicited === 0, rules(unsolicited, free));
  if (transfer.unsolicitedLength < total) {
    transfer.ask(transfer.unsolicitedLength, total - transfer.unsolicitedLength);
  }
  /** What a client has left to send of each sequence. */
  const sequences = new Map<number, { dataSN: number; pieces: [number, number][] }>();
  const open = (tag: number, from: number, to: number) => {
    const pieces: [number, number][] = [];
    for (let at = from; at < to; at += 100) pieces.push([at, Math.min(at + 100, to)]);
    sequences.set(tag, { dataSN: 0, pieces });
  };
  if (transfer.unsolicitedLength > 0) open(NO_TAG, 0, transfer.unsolicitedLength);
  const passedOn: number[] = [];
  let turn = 0;
  const choose = (below: number) => (choices[turn++ % choices.length] ?? 0) % below;
  for (let tag = 1; transfer.nextOffset < total; ) {
    for (
      let length = transfer.burstToAskFor(maxBurst);
      length > 0;
      length = transfer.burstToAskFor(maxBurst)
    ) {
      open(tag, transfer.burstOffset, transfer.burstOffset + length);
      transfer.asked(tag, length);
      tag += 1;
    }
    const tags = [...sequences.keys()];
    assert(tags.length > 0, 'what is missing is asked for');
    const from = tags[choose(tags.length)] ?? 0;
    const sequence = sequences.get(from);
    assert(sequence !== undefined);
    const [[start, end] = [0, 0]] = sequence.pieces.splice(choose(sequence.pieces.length), 1);
    const final = sequence.pieces.length === 0;
    if (final) sequences.delete(from);
    assert.equal(transfer.mistake(from, sequence.dataSN, start, end - start, final), null);
    sequence.dataSN += 1;
    const next = transfer.isNext;
    if (!next) transfer.earlyBuffer(pool, end - start).fill(start / 100);
    // Damage ends, or nothing ever would.
    if (turn < 200 && choose(4) === 0) {
      transfer.arrivedWrong(end - start, final);
      continue;
    }
    transfer.arrived(end - start, final);
    if (next) passedOn.push(start);
    for (let lease = transfer.takeEarly(); lease !== null; lease = transfer.takeEarly()) {
      passedOn.push((lease.bytes[0] ?? 0) * 100);
      lease.release();
    }
  }
  assert.deepEqual(
    passedOn,
    Array.from({ length: Math.ceil(total / 100) }, (_, at) => at * 100),
  );
  assert.equal(pool.leasedBytes, 0);
}

test('any order and any damage come to the same data', () => {
  const hundreds = (max: number) => fc.integer({ min: 1, max }).map((count) => count * 100);
  const choices = fc.array(fc.nat(), { minLength: 5, maxLength: 50 });
  fc.assert(
    fc.property(
      hundreds(60),
      fc.oneof(fc.constant(0), hundreds(20)),
      hundreds(15),
      fc.integer({ min: 1, max: 8 }),
      choices,
      assertComesWhole,
    ),
    { numRuns: 300, seed: 7143 },
  );
});
