import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  Deframer,
  type FrameHandler,
  MAX_EXTENSION,
  MAX_TRAILER,
} from '../../../src/wire/framing/deframer.ts';

/** A frame format for these tests. Header: extension length, trailer length, payload length (16 bits). */
const HEADER = 4;

interface Frame {
  readonly extension: Uint8Array;
  readonly payload: Uint8Array;
  readonly trailer: Uint8Array;
}

function encode({ extension, payload, trailer }: Frame): Buffer {
  const header = Buffer.of(extension.length, trailer.length, payload.length >>> 8, payload.length & 0xff);
  return Buffer.concat([header, extension, payload, trailer]);
}

/** The whole stream at once, the plain way. */
function naive(stream: Uint8Array): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; ; ) {
    const [extensionLength = 0, trailerLength = 0, high = 0, low = 0] = stream.subarray(at, at + HEADER);
    const payloadAt = at + HEADER + extensionLength;
    const trailerAt = payloadAt + high * 256 + low;
    const end = trailerAt + trailerLength;
    if (at + HEADER > stream.length || end > stream.length) return frames;
    frames.push({
      extension: stream.slice(at + HEADER, payloadAt),
      payload: stream.slice(payloadAt, trailerAt),
      trailer: stream.slice(trailerAt, end),
    });
    at = end;
  }
}

class Collector implements FrameHandler {
  readonly headerLength = HEADER;
  readonly frames: Frame[] = [];
  /** The next decision that is to be "stop", or none. */
  stopAt: 'extensionLength' | 'payloadBuffer' | 'frame' | null = null;
  calls = 0;
  #payload: Uint8Array | null = null;

  extensionLength(header: Uint8Array): number {
    this.calls += 1;
    return this.stopAt === 'extensionLength' ? -1 : (header[0] ?? 0);
  }

  payloadBuffer(header: Uint8Array): Uint8Array | null | false {
    this.calls += 1;
    if (this.stopAt === 'payloadBuffer') return false;
    const length = (header[2] ?? 0) * 256 + (header[3] ?? 0);
    this.#payload = length === 0 ? null : new Uint8Array(length);
    return this.#payload;
  }

  trailerLength(header: Uint8Array): number {
    return header[1] ?? 0;
  }

  frame(header: Uint8Array, trailer: Uint8Array): boolean {
    this.calls += 1;
    assert.equal(header.length, HEADER + (header[0] ?? 0));
    const payload = this.#payload ?? new Uint8Array(0);
    this.frames.push({ extension: header.slice(HEADER), payload, trailer: trailer.slice() });
    return this.stopAt !== 'frame';
  }
}

/** Feeds the stream in pieces of these lengths in turn, and spoils what the deframer may not rely on. Gives how many frames it says have become whole. */
function feed(
  deframer: Deframer,
  stream: Uint8Array,
  lengths: readonly number[],
  shared: Uint8Array,
): number {
  let frames = 0;
  for (let at = 0, turn = 0; at < stream.length; turn++) {
    const buffer = deframer.receiveBuffer();
    assert(buffer.length > 0);
    const length = Math.min(lengths[turn % lengths.length] ?? 1, buffer.length, stream.length - at);
    buffer.set(stream.subarray(at, at + length));
    frames += deframer.received(length);
    shared.fill(0xee);
    at += length;
  }
  return frames;
}

/** The frames are those of the stream. Compared as bytes, so that a difference does not print 60 KiB. */
function assertFrames(frames: readonly Frame[], stream: Uint8Array): void {
  const expected = naive(stream);
  assert.equal(frames.length, expected.length);
  frames.forEach((frame, at) => {
    const other = expected[at];
    assert(other !== undefined && encode(frame).equals(encode(other)), `frame ${at}`);
  });
}

/** Lengths of extension, payload and trailer, and a seed for the bytes. */
const shape = fc.record({
  extension: fc.nat(40),
  payload: fc.oneof(fc.nat(40), fc.integer({ min: 15_000, max: 60_000 })),
  trailer: fc.nat(MAX_TRAILER),
  seed: fc.nat(255),
});

function frameOf({ extension, payload, trailer, seed }: { [key: string]: number }): Frame {
  const bytes = (length = 0): Uint8Array =>
    Uint8Array.from({ length }, (_, at) => (at * 13 + length + (seed ?? 0)) & 0xff);
  return { extension: bytes(extension), payload: bytes(payload), trailer: bytes(trailer) };
}

test('any split of a stream gives the frames that a naive deframer finds', () => {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 40_000 })), {
    minLength: 1,
    maxLength: 8,
  });
  const property = fc.property(
    fc.array(shape, { maxLength: 5 }),
    lengths,
    fc.nat(50),
    (shapes, split, cut) => {
      const uncut = Buffer.concat(shapes.map(frameOf).map(encode));
      const stream = uncut.subarray(0, Math.max(0, uncut.length - cut));
      const shared = new Uint8Array(32_768);
      const collector = new Collector();
      const whole = feed(new Deframer(collector, shared), stream, split, shared);
      assertFrames(collector.frames, stream);
      assert.equal(whole, collector.frames.length);
    },
  );
  fc.assert(property, { numRuns: 100, seed: 1 });
});

test('a byte at a time', () => {
  const frames = [
    { extension: Buffer.from('ext'), payload: Buffer.from('payload'), trailer: Buffer.from('trail') },
    { extension: Buffer.alloc(0), payload: Buffer.alloc(0), trailer: Buffer.alloc(0) },
    { extension: Buffer.alloc(0), payload: Buffer.from('p'), trailer: Buffer.alloc(0) },
  ];
  const stream = Buffer.concat(frames.map(encode));
  const shared = new Uint8Array(1);
  const collector = new Collector();
  feed(new Deframer(collector, shared), stream, [1], shared);
  assert.equal(collector.frames.length, 3);
  assertFrames(collector.frames, stream);
});

test('a long payload is received in place, and the next header is not', () => {
  const payload = new Uint8Array(65_000).fill(7);
  const stream = encode({ extension: Buffer.alloc(0), payload, trailer: Buffer.from('t') });
  const shared = new Uint8Array(64);
  const collector = new Collector();
  const deframer = new Deframer(collector, shared);
  assert.equal(deframer.receiveBuffer(), shared);
  shared.set(stream.subarray(0, 10));
  deframer.received(10);
  assert(deframer.inPayload);
  const direct = deframer.receiveBuffer();
  assert.notEqual(direct.buffer, shared.buffer);
  assert.equal(direct.length, payload.length - 6);
  direct.set(payload.subarray(6));
  deframer.received(direct.length);
  assert(!deframer.inPayload);
  assert.equal(deframer.receiveBuffer(), shared);
  shared.set(Buffer.from('t'));
  deframer.received(1);
  assertFrames(collector.frames, stream);
});

test('one buffer serves several deframers at once', () => {
  const shared = new Uint8Array(16);
  const [a, b] = [new Collector(), new Collector()];
  const deframers = [new Deframer(a, shared), new Deframer(b, shared)];
  const stream = encode({
    extension: Buffer.from('e'),
    payload: Buffer.from('payload'),
    trailer: Buffer.from('t'),
  });
  for (const byte of stream) {
    for (const deframer of deframers) {
      deframer.receiveBuffer()[0] = byte;
      deframer.received(1);
    }
  }
  assertFrames(a.frames, stream);
  assertFrames(b.frames, stream);
});

for (const stopAt of ['extensionLength', 'payloadBuffer', 'frame'] as const) {
  test(`after ${stopAt} said stop, bytes are dropped and nobody is asked`, () => {
    const one = encode({ extension: Buffer.from('e'), payload: Buffer.from('p'), trailer: Buffer.from('t') });
    const shared = new Uint8Array(1024);
    const collector = new Collector();
    collector.stopAt = stopAt;
    const deframer = new Deframer(collector, shared);
    feed(deframer, Buffer.concat([one, one]), [1000], shared);
    const { calls } = collector;
    assert.equal(calls, { extensionLength: 1, payloadBuffer: 2, frame: 3 }[stopAt]);
    feed(deframer, Buffer.concat([one, one]), [3], shared);
    assert.equal(collector.calls, calls);
  });
}

test('lengths over the bounds are the handler’s bug', () => {
  const shared = new Uint8Array(16);
  for (const wrong of [
    { extensionLength: () => MAX_EXTENSION + 1 },
    { trailerLength: () => MAX_TRAILER + 1 },
  ]) {
    const handler: FrameHandler = Object.assign(new Collector(), wrong);
    const deframer = new Deframer(handler, shared);
    deframer.receiveBuffer();
    assert.throws(() => deframer.received(HEADER), /a (header extension|trailer) of/);
  }
});
