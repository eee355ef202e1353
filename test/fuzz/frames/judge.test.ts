import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyHeader, HEADER_LENGTH, putU32, sealFrame } from '../../../src/wire/interconnect/frame.ts';
import { blockCdb } from '../../support/scsi.ts';
import { UNIT_BLOCKS } from '../victim-file.ts';
import { command, dataOut, type Frame, inventory, response, transferReady } from './frame.ts';
import { LinkJudge } from './judge.ts';

const GENERATION = 3;
const EXCHANGE = 0x1_0001;
const data = new Uint8Array(1024);
const unit = { id: 1, blockLength: 512, blockCount: 8, accessState: 0, name: 'a', serial: 'b' };

/** `change`: of the bytes, before they go out. */
function send(judge: LinkJudge, { type, exchange, parameters, payload }: Frame, change = nothing): void {
  const frame = new Uint8Array(HEADER_LENGTH + parameters.length);
  frame.set(parameters, HEADER_LENGTH);
  const lengths = { parametersLength: parameters.length, payloadLength: payload.length };
  sealFrame(frame, { ...emptyHeader(), type, exchange, generation: GENERATION, ...lengths });
  change(frame);
  judge.sent(frame, payload, GENERATION);
}

function nothing(_: Uint8Array): void {}

function write(payload: Uint8Array, lba = 0): Frame {
  const shape = { name: '', nexus: 1, unit: 1, exchange: EXCHANGE, cdb: blockCdb(0x8a, lba, 2) };
  return command({ ...shape, dataIn: 0, credit: 0, dataOut: data.length, payload, fields: [] });
}

function hear(judge: LinkJudge, { type, exchange, parameters }: Frame): void {
  judge.heard(type, exchange, parameters);
}

const good = response(EXCHANGE, 0, 0, null);

test('frames that are right end nothing', () => {
  const judge = new LinkJudge();
  send(judge, inventory([unit, unit]));
  send(judge, inventory([]));
  send(judge, write(new Uint8Array(0)));
  hear(judge, transferReady(EXCHANGE, 0, data.length));
  send(judge, dataOut(EXCHANGE, 0, data));
  // It may have ended.
  send(judge, dataOut(EXCHANGE, 0, data));
  hear(judge, good);
  assert.deepEqual([judge.broken, judge.overlooked], [null, null]);
});

/** Each is sent after a write with its data. */
const broken: Readonly<Record<string, readonly [Frame, (frame: Uint8Array) => void]>> = {
  'an inventory that is not as long as its count': [
    inventory([unit]),
    (frame) => {
      frame[HEADER_LENGTH + 1] = 2;
    },
  ],
  'a unit of 2^53 blocks': [inventory([{ ...unit, blockCount: 2 ** 53 }]), nothing],
  'more unsolicited data than data-out': [
    write(data),
    (frame) => putU32(frame, HEADER_LENGTH + 22, data.length + 1),
  ],
  'more credit than data-in': [write(data), (frame) => putU32(frame, HEADER_LENGTH + 26, 1)],
  'an exchange that may not begin': [write(data), nothing],
  'data of an exchange that never was': [dataOut(EXCHANGE + 1, 0, data), nothing],
  'another generation': [write(data), (frame) => putU32(frame, 8, GENERATION + 1)],
};

for (const [what, [frame, change]] of Object.entries(broken)) {
  test(`${what} ends a link`, () => {
    const judge = new LinkJudge();
    send(judge, write(data));
    send(judge, frame, change);
    assert.equal(judge.broken, what);
  });
}

test('data at another place than was asked for, or more of it, does not end with GOOD', () => {
  const cases = [
    [dataOut(EXCHANGE, 4, data.subarray(4)), 'DATA_OUT at another offset'],
    [dataOut(EXCHANGE, 0, new Uint8Array(data.length + 1)), 'more DATA_OUT than was asked for'],
  ] as const;
  for (const [frame, what] of cases) {
    const judge = new LinkJudge();
    send(judge, write(new Uint8Array(0)));
    hear(judge, transferReady(EXCHANGE, 0, data.length));
    send(judge, frame);
    hear(judge, good);
    assert.equal(judge.overlooked, what);
  }
});

test('a range past the end of a unit does not end with GOOD, and may with anything else', () => {
  for (const status of [0, 2]) {
    const judge = new LinkJudge();
    send(judge, write(data, UNIT_BLOCKS - 1));
    hear(judge, response(EXCHANGE, status, 0, null));
    assert.equal(judge.overlooked, status === 0 ? 'a range past the end of its unit' : null);
  }
});

test('nothing is said of what follows a frame of another length than its header says', () => {
  const judge = new LinkJudge();
  send(judge, write(data), (frame) => putU32(frame, 4, 1));
  send(judge, inventory([{ ...unit, blockCount: 2 ** 53 }]));
  assert.equal(judge.broken, null);
});
