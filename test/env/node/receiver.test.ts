import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Poller } from '../../../src/env/node/poller.ts';
import { Receiver } from '../../../src/env/node/receiver.ts';
import { StreamLimits } from '../../../src/limits.ts';
import { RecordingHandler } from './stream-peer.ts';

/** What happens to a Receiver: so many bytes come, or it is paused or resumed. */
type Step = number | 'pause' | 'resume';

/** Does with a Receiver what a socket of Node's does. */
class Socket {
  sent = 0;
  readonly #receiver: Receiver;
  #buffer: Uint8Array;
  #reading = true;

  constructor(receiver: Receiver) {
    this.#receiver = receiver;
    this.#buffer = receiver.nextBuffer();
  }

  pause(): void {
    this.#receiver.pause();
    this.#reading = false;
  }

  resume(): void {
    if (this.#receiver.resume()) this.#reading = true;
  }

  receive(wanted: number): void {
    if (!this.#reading) return;
    const length = Math.min(wanted, this.#buffer.length);
    for (let at = 0; at < length; at++) this.#buffer[at] = this.sent++ & 0xff;
    this.#receiver.received(length);
    this.#buffer = this.#receiver.nextBuffer();
  }
}

test('every byte arrives once and in order, whenever the handler attaches, pauses and resumes', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.integer({ min: 1, max: 50 }),
    fc.constantFrom('pause' as const, 'resume' as const),
  );
  const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 });
  const property = fc.property(fc.array(step), lengths, fc.nat(6), (steps, bufferLengths, pauseAt) => {
    const receiver = new Receiver(null);
    const handler = new RecordingHandler(bufferLengths);
    const socket = new Socket(receiver);
    handler.onReceived(() => {
      if (handler.asked % 7 === pauseAt) socket.pause();
    });
    receiver.attach(handler);
    for (const step of steps) {
      if (step === 'pause') socket.pause();
      else if (step === 'resume') socket.resume();
      else socket.receive(step);
    }
    handler.onReceived(() => {});
    socket.resume();
    assert.deepEqual(
      handler.bytes,
      Array.from({ length: socket.sent }, (_, at) => at & 0xff),
    );
  });
  fc.assert(property, { numRuns: 500, seed: 1 });
});

test('after stop the handler is not asked again', () => {
  const receiver = new Receiver(null);
  const handler = new RecordingHandler();
  receiver.attach(handler);
  receiver.nextBuffer();
  receiver.received(1);
  receiver.stop();
  receiver.nextBuffer().fill(9);
  receiver.received(5);
  receiver.receivedCopy(new Uint8Array(5));
  assert.equal(handler.bytes.length, 1);
});

test('bytes of the socket’s own buffers are copied on', () => {
  const receiver = new Receiver(null);
  const handler = new RecordingHandler([2, 3]);
  receiver.attach(handler);
  receiver.receivedCopy(Uint8Array.from([1, 2, 3, 4, 5, 6, 7]));
  assert.deepEqual(handler.bytes, [1, 2, 3, 4, 5, 6, 7]);
});

test('the poller is told what came, and how many messages that made whole, also where it came in pieces or not in place', () => {
  const inputs: [number, number][] = [];
  const host = { now: () => 0, nextTurn: () => undefined, switches: () => 0 };
  const receiver = new Receiver(
    new (class extends Poller {
      override input(length: number, messages: number): void {
        inputs.push([length, messages]);
      }
    })(host, 1),
  );
  receiver.attach(new RecordingHandler([2, 3]));
  receiver.nextBuffer();
  receiver.received(2);
  receiver.receivedCopy(new Uint8Array(7));
  assert.deepEqual(inputs, [
    [2, 2],
    [7, 7],
  ]);
});

test('a socket that brings much rests for a turn each time, and what others bring does not count', async () => {
  const flood = new Receiver(null);
  flood.attach(new CountingHandler());
  const quiet = new Receiver(null);
  quiet.attach(new CountingHandler());
  let rested = 0;
  flood.rested = () => {
    rested += 1;
  };
  quiet.rested = () => assert.fail('it has brought little');
  const piece = 64 * 1024;
  const pieces = StreamLimits.bytesAtATime / piece;
  for (let round = 1; round <= 3; round += 1) {
    for (let at = 1; at <= pieces; at += 1) {
      flood.nextBuffer();
      assert.equal(flood.received(piece), at < pieces, `piece ${at} of round ${round}`);
      quiet.nextBuffer();
      assert.equal(quiet.received(48), true);
    }
    assert.equal(rested, round - 1, 'not before the turn is over');
    await new Promise(setImmediate);
    assert.equal(rested, round);
  }
});

class CountingHandler {
  readonly #buffer = new Uint8Array(1 << 16);

  receiveBuffer(): Uint8Array {
    return this.#buffer;
  }

  received(): number {
    return 0;
  }

  closed(): void {}
}
