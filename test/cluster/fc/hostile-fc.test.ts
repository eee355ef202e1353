import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeCommand } from '../../../src/wire/interconnect/command.ts';
import { FrameType } from '../../../src/wire/interconnect/frame.ts';
import { decodeResult } from '../../../src/wire/interconnect/result.ts';
import { blockCdb, pattern } from '../../support/scsi.ts';
import { TwoSystems } from '../support/two-systems.ts';
import { FcPartner, type Mangle, reseal } from './fc-partner.ts';

const WRITE16 = 0x8a;
const FIRST = 0x1_0000;

function command(dataOutLength: number, cdb: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1024);
  const nothing = { nexus: 1, unit: 1, tag: 1, taskAttribute: 0, dataInLength: 0, dataInCredit: 0 };
  const data = { dataOutLength, unsolicitedLength: dataOutLength, readSetLength: 65536 };
  return bytes.slice(0, encodeCommand({ ...nothing, ...data, cdb }, bytes, 0));
}

const testUnitReady = command(0, new Uint8Array(16));
const write = command(6144, blockCdb(WRITE16, 0, 12));

/** The frames of that WRITE with its data. */
const CONTEXT = 0;
const COMMAND = 1;
const DATA = 2;
const MIDDLE = 3;
const LAST = 4;

/** Offsets in an FCIP frame. */
const At = { word1: 4, flags: 8, length: 12, sof: 28, header: 32, data: 56 };
/** Offsets in the FC header. */
const Fc = { source: 5, control: 9, sequence: 12, optional: 13, count: 14, oxId: 16, rxId: 18, offset: 20 };

/** Changes one frame; its CRC is right again. */
function changed(which: number, change: (frame: Buffer) => void): Mangle {
  return (frames) => frames.map((frame, at) => (at === which ? reseal(apply(frame, change)) : frame));
}

/** Changes one frame and leaves its CRC. */
function spoiled(which: number, change: (frame: Buffer) => void): Mangle {
  return (frames) => frames.map((frame, at) => (at === which ? apply(frame, change) : frame));
}

function apply(frame: Buffer, change: (frame: Buffer) => void): Buffer {
  change(frame);
  return frame;
}

const flip = (at: number) => (frame: Buffer) => frame.writeUInt8(frame.readUInt8(at) ^ 1, at);
const header = (at: number, value: number) => (frame: Buffer) => frame.writeUInt8(value, At.header + at);
const delimiter = (at: (frame: Buffer) => number, code: number) => (frame: Buffer) =>
  Buffer.from([code, code, ~code & 0xff, ~code & 0xff]).copy(frame, at(frame));
const eofAt = (frame: Buffer) => frame.length - 4;
const length = (words: number) => (frame: Buffer) => {
  frame.writeUInt16BE(words, At.length);
  frame.writeUInt16BE(~words & 0xffff, At.length + 2);
};

/** What a WRITE of 6 KiB becomes, and what is seen to be wrong with it. */
const mangled: Record<string, readonly [Mangle, RegExp]> = {
  'a wrong CRC of FCP_CMND': [spoiled(COMMAND, flip(At.data + 20)), /wrong CRC/],
  'a wrong CRC of its data': [spoiled(LAST, flip(At.data + 99)), /wrong CRC/],
  'a CRC that was flipped': [spoiled(LAST, (frame) => flip(frame.length - 8)(frame)), /wrong CRC/],
  'another protocol': [spoiled(COMMAND, flip(0)), /not an FCIP frame/],
  'a word 1 that does not repeat word 0': [spoiled(COMMAND, flip(At.word1)), /not an FCIP frame/],
  'flags that differ from their complement': [spoiled(COMMAND, flip(At.flags + 3)), /flags/],
  'a length that differs from its complement': [spoiled(COMMAND, flip(At.length + 3)), /length/],
  'a length of less than a frame': [spoiled(COMMAND, length(15)), /encapsulated frame of 60 bytes/],
  'a length of more than a frame': [spoiled(COMMAND, length(545)), /encapsulated frame of 2180 bytes/],
  'a start of frame that differs from its complement': [spoiled(COMMAND, flip(At.sof + 2)), /start of frame/],
  'a start of frame of another class': [
    spoiled(
      COMMAND,
      delimiter(() => At.sof, 0x2d),
    ),
    /start of frame/,
  ],
  'an end of frame that says abort': [spoiled(LAST, delimiter(eofAt, 0x50)), /end of frame/],
  'an end of frame before the sequence ends': [spoiled(MIDDLE, delimiter(eofAt, 0x42)), /end of frame/],
  'an end of frame that leaves the sequence open': [spoiled(LAST, delimiter(eofAt, 0x41)), /end of frame/],
  'FCP_CMND without its context': [(frames) => frames.slice(COMMAND), /context/],
  'a context without FCP_CMND': [
    (frames) => frames.filter((_, at) => at !== COMMAND),
    /FCP_CMND and its context/,
  ],
  'a context of another exchange': [changed(COMMAND, header(Fc.oxId + 1, 9)), /another exchange/],
  'FCP_CMND in mid-exchange': [changed(COMMAND, header(Fc.rxId, 0)), /does not begin an exchange/],
  'FCP_CMND by a responder': [changed(COMMAND, (frame) => flipBit(frame, 0x80)), /by a responder/],
  'a CDB of another length than its context says': [
    changed(COMMAND, (frame) => frame.writeUInt8(5, At.data + 11)),
    /malformed FCP_CMND/,
  ],
  'FCP_DL without a direction': [changed(COMMAND, (frame) => frame.writeUInt8(0, At.data + 11)), /malformed/],
  'FCP_DL in both directions': [changed(COMMAND, (frame) => frame.writeUInt8(3, At.data + 11)), /malformed/],
  'a LUN of no unit': [changed(COMMAND, (frame) => frame.writeUInt8(9, At.data + 1)), /no unit 9/],
  'a LUN behind a LUN': [changed(COMMAND, (frame) => frame.writeUInt8(1, At.data + 3)), /FCP_LUN/],
  'two task management functions': [
    changed(COMMAND, (frame) => frame.writeUInt8(0x14, At.data + 10)),
    /task management flags/,
  ],
  'task management with data': [
    changed(COMMAND, (frame) => frame.writeUInt8(0x10, At.data + 10)),
    /task management flags/,
  ],
  'a gap in SEQ_CNT': [changed(MIDDLE, header(Fc.count + 1, 7)), /out of its sequence/],
  'another SEQ_ID in mid-sequence': [changed(MIDDLE, header(Fc.sequence, 99)), /out of its sequence/],
  'another exchange in mid-sequence': [changed(MIDDLE, header(Fc.oxId + 1, 9)), /out of its sequence/],
  'a relative offset that leaves a hole': [changed(LAST, header(Fc.offset + 2, 0x18)), /out of its sequence/],
  'data at another offset than it may come': [
    (frames) =>
      frames.map((frame, at) => (at < DATA ? frame : reseal(apply(frame, header(Fc.offset + 1, 1))))),
    /at offset/,
  ],
  'a sequence within another': [
    changed(
      MIDDLE,
      delimiter(() => At.sof, 0x2e),
    ),
    /within another/,
  ],
  'a frame of no sequence': [
    changed(
      COMMAND,
      delimiter(() => At.sof, 0x36),
    ),
    /no sequence/,
  ],
  'fill bytes in mid-sequence': [changed(MIDDLE, header(Fc.control + 2, 0x0b)), /fill bytes/],
  'data without relative offset': [
    (frames) => frames.map((frame, at) => (at < DATA ? frame : reseal(apply(frame, withoutOffset)))),
    /without relative offset/,
  ],
  'another source': [changed(COMMAND, header(Fc.source, 7)), /between other ports/],
  'an optional header': [changed(COMMAND, header(Fc.optional, 1)), /optional header/],
  'a retransmission': [changed(COMMAND, header(Fc.control + 2, 0x20)), /F_CTL/],
  'data of an exchange that there is not': [
    (frames) => frames.map((frame, at) => (at < DATA ? frame : reseal(apply(frame, header(Fc.rxId + 1, 9))))),
    /no exchange/,
  ],
  'a vendor specific unit with a wrong checksum': [changed(CONTEXT, flip(At.data + 30)), /header checksum/],
  'a vendor specific unit of another length': [changed(CONTEXT, flip(At.data + 3)), /length than it says/],
  'an unknown type': [changed(CONTEXT, (frame) => header(8, 0xe1)(frame)), /type 225/],
  'a link service on an open link': [changed(CONTEXT, (frame) => header(8, 0x01)(frame)), /type 1/],
  'another unit behind a context': [changed(COMMAND, header(0, 0x03)), /context/],
};

function flipBit(frame: Buffer, bit: number): void {
  frame.writeUInt8(frame.readUInt8(At.header + Fc.control) ^ bit, At.header + Fc.control);
}

function withoutOffset(frame: Buffer): void {
  const at = At.header + Fc.control + 2;
  frame.writeUInt8(frame.readUInt8(at) & ~0x08, at);
  frame.writeUInt32BE(0, At.header + Fc.offset);
}

describe('a hostile or broken partner on Fibre Channel', () => {
  let systems: TwoSystems;
  let partner: FcPartner | null;

  beforeEach(async () => {
    partner = null;
    systems = await TwoSystems.start({ transport: 'fcip' });
    await systems.beta.interconnect.stop(0);
  });
  afterEach(async () => {
    partner?.channel.destroy('the test is over');
    await systems.alpha.interconnect.stop(0);
  });

  function nothingStored(): void {
    const bytes = new Uint8Array(1 << 16);
    systems.store.readCached(0, bytes);
    assert.ok(
      bytes.every((byte) => byte === 0),
      'nothing was written',
    );
  }

  function lastLine(message: string): string {
    return systems.alpha.log.lines.findLast((line) => line.startsWith(message)) ?? '';
  }

  /** Sends the WRITE with one frame changed; resolves when the link has ended. */
  async function flipAndWrite(which: number, change: (frame: Buffer) => void): Promise<void> {
    partner = await FcPartner.greeted(systems.address);
    partner.send(FrameType.command, FIRST, testUnitReady);
    await partner.next(FrameType.response);
    const down = systems.alpha.log.next('link down');
    partner.mangle = spoiled(which, change);
    partner.send(FrameType.command, FIRST + 1, write, pattern(6144));
    await Promise.all([partner.closes(), down]);
    assert.match(lastLine('link down'), /broken frame/);
  }

  /** The system still serves a partner that behaves. */
  async function stillServes(): Promise<void> {
    partner = await FcPartner.greeted(systems.address);
    partner.send(FrameType.command, FIRST, testUnitReady);
    assert.equal(decodeResult(await partner.next(FrameType.response))?.sense?.asc, 0x29);
    assert.equal(systems.alpha.pool.leasedBytes, 0);
  }

  for (const [what, [mangle, reason]] of Object.entries(mangled)) {
    it(`loses its link by ${what}, and nothing is executed`, async () => {
      partner = await FcPartner.greeted(systems.address);
      partner.send(FrameType.command, FIRST, testUnitReady);
      await partner.next(FrameType.response);
      const down = systems.alpha.log.next('link down');
      partner.mangle = mangle;
      partner.send(FrameType.command, FIRST + 1, write, pattern(6144));
      await Promise.all([partner.closes(), down]);
      assert.match(lastLine('link down'), /broken frame/);
      assert.match(lastLine('link down'), reason);
      assert.equal(systems.local.taskCount, 0);
      nothingStored();
      await stillServes();
    });
  }

  it('that calls another system is told who answered, and both ends know', async () => {
    const turnedAway = systems.alpha.log.next('a caller on the interconnect was turned away');
    partner = await FcPartner.connect(systems.address, { calls: 'gamma' });
    const name = '3[0-9a-f]{15}';
    assert.match(
      await partner.closes(),
      new RegExp(`the special frame was answered by ${name}, not ${name}`),
    );
    await turnedAway;
    assert.match(lastLine('a caller'), new RegExp(`the call is for ${name}, and this is ${name}`));
    await stillServes();
  });

  for (const [what, mangle, reason] of [
    ['a frame before the special frame', (frames: Buffer[]) => frames.slice(1), /before the special frame/],
    [
      'two special frames',
      ([first, ...rest]: Buffer[]) => (first === undefined ? [] : [first, first, ...rest]),
      /second special frame/,
    ],
  ] as const) {
    it(`that begins with ${what} is dropped`, async () => {
      const turnedAway = systems.alpha.log.next('a caller on the interconnect was turned away');
      const bytes: Buffer[] = [];
      const recorded = await FcPartner.connect(systems.address, {
        mangle(frames) {
          bytes.push(...frames);
          return frames;
        },
      });
      recorded.sendHello();
      await recorded.next(FrameType.welcome);
      recorded.channel.destroy('recorded');
      await systems.alpha.log.next('link down');
      const socket = connect(systems.address.transport === 'fcip' ? systems.address.port : 0, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.resume();
      socket.write(Buffer.concat(mangle(bytes)));
      await turnedAway;
      socket.destroy();
      assert.match(lastLine('a caller on the interconnect was turned away'), reason);
      await stillServes();
    });
  }

  /** A bit of a frame of the WRITE: which frame, which bit of it. */
  const anyBit = fc.tuple(fc.nat(LAST), fc.nat());

  it('loses its link by any bit that flips, but for the time stamp and the CRC that FCIP leaves out', async () => {
    const property = fc.asyncProperty(anyBit, async ([which, choice]) => {
      await flipAndWrite(which, (frame) => {
        const free = At.length + 4;
        const bit = choice % ((frame.length - 12) * 8);
        const byte = bit >> 3 < free ? bit >> 3 : (bit >> 3) + 12;
        frame.writeUInt8(frame.readUInt8(byte) ^ (1 << (bit & 7)), byte);
      });
      nothingStored();
    });
    await fc.assert(property, { numRuns: 150, seed: 1 });
    await stillServes();
  });

  it('that sends no frames at all is dropped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 4096 }), async (bytes) => {
        const turnedAway = systems.alpha.log.next('a caller on the interconnect was turned away');
        const socket = connect(systems.address.transport === 'fcip' ? systems.address.port : 0, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.write(bytes);
        await turnedAway;
        socket.destroy();
      }),
      { numRuns: 20, seed: 1 },
    );
    await stillServes();
  });
});
