import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeCommand, encodeCommand } from '../../../src/wire/interconnect/command.ts';
import { decodeEvent, encodeEvent } from '../../../src/wire/interconnect/event.ts';
import {
  brokenHeader,
  decodeHeader,
  emptyHeader,
  FINAL,
  FrameType,
  HEADER_LENGTH,
  headerChecksumHolds,
  MAX_PAYLOAD,
  MIN_READ_SET,
  sealFrame,
} from '../../../src/wire/interconnect/frame.ts';
import { decodeHello, encodeHello } from '../../../src/wire/interconnect/hello.ts';
import { decodeInventory, encodeInventory } from '../../../src/wire/interconnect/inventory.ts';
import {
  decodeNexusClose,
  decodeNexusOpen,
  encodeNexusClose,
  encodeNexusOpen,
} from '../../../src/wire/interconnect/nexus.ts';
import { decodeRefuse, encodeRefuse } from '../../../src/wire/interconnect/refuse.ts';
import { decodeResult, encodeResult } from '../../../src/wire/interconnect/result.ts';
import {
  decodeTaskManagement,
  encodeTaskManagement,
} from '../../../src/wire/interconnect/task-management.ts';

/** Plain objects only: deepEqual looks at prototypes. */
const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true });
const u8 = fc.integer({ min: 0, max: 0xff });
const u16 = fc.integer({ min: 0, max: 0xffff });
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const name = fc.string({ minLength: 0, maxLength: 40 });
const hex = (digits: number) =>
  fc
    .array(fc.integer({ min: 0, max: 15 }), { minLength: digits, maxLength: digits })
    .map((all) => all.map((digit) => digit.toString(16)).join(''));

/** Encodes at an odd place, and gives the parameters alone. */
function parametersOf<T>(
  encode: (record: T, bytes: Uint8Array, at: number) => number,
  record: T,
): Uint8Array {
  const bytes = new Uint8Array(2048);
  const length = encode(record, bytes, 5);
  return bytes.slice(5, 5 + length);
}

describe('interconnect parameters', () => {
  it('come back as they went, for every HELLO', () => {
    const hello = record({
      lowestVersion: u16,
      highestVersion: u16,
      incarnation: hex(16),
      generation: u32,
      unsolicitedCredit: u32,
      exchangeLimit: u32,
      wantsChecksums: fc.boolean(),
      cluster: name,
      system: name,
      partner: name,
    });
    fc.assert(
      fc.property(hello, (sent) => {
        assert.deepEqual(decodeHello(parametersOf(encodeHello, sent)), sent);
      }),
    );
  });

  it('come back as they went, for every NEXUS_OPEN', () => {
    const open = record({
      nexus: u32,
      relativeId: u16,
      portalGroupTag: u16,
      groupId: u16,
      isid: hex(12),
      initiatorName: name,
      portName: name,
      targetName: name,
    });
    fc.assert(
      fc.property(open, (sent) => {
        assert.deepEqual(decodeNexusOpen(parametersOf(encodeNexusOpen, sent)), sent);
      }),
    );
  });

  it('come back as they went, for every COMMAND whose numbers agree', () => {
    const command = record({
      nexus: u32,
      unit: u32,
      tag: u32,
      taskAttribute: fc.integer({ min: 0, max: 3 }),
      length: u32,
    }).chain(({ length, ...rest }) =>
      record({
        ...Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, fc.constant(value)])),
        dataOutLength: fc.constant(length),
        dataInLength: fc.constant(0),
        unsolicitedLength: fc.integer({ min: 0, max: length }),
        dataInCredit: fc.constant(0),
        readSetLength: fc.integer({ min: MIN_READ_SET, max: MAX_PAYLOAD }),
        cdb: fc.uint8Array({ minLength: 6, maxLength: 255 }),
      }),
    );
    fc.assert(
      fc.property(command, (given) => {
        const sent = given as Parameters<typeof encodeCommand>[0];
        const parameters = parametersOf(encodeCommand, sent);
        assert.deepEqual(decodeCommand(parameters), sent);
      }),
    );
  });

  it('come back as they went, for results with and without sense', () => {
    const plain = {
      key: fc.integer({ min: 0, max: 15 }),
      asc: u8,
      ascq: u8,
      information: fc.option(fc.integer({ min: 0, max: 2 ** 50 })),
    };
    const specific = fc.integer({ min: 0x80_0000, max: 0xff_ffff });
    const sense = fc.oneof(record(plain), record({ ...plain, specific }));
    const result = record({
      kind: fc.constant(0),
      status: u8,
      presentedLength: u32,
      sense: fc.option(sense),
    });
    fc.assert(
      fc.property(result, (sent) => {
        assert.deepEqual(decodeResult(parametersOf(encodeResult, sent)), sent);
      }),
    );
  });

  it('come back as they went, for an inventory', () => {
    const unit = record({
      id: u32,
      blockLength: u32,
      blockCount: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      accessState: u8,
      name,
      serial: name,
    });
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 20 }), (units) => {
        const bytes = new Uint8Array(8);
        const { parametersLength, payload } = encodeInventory(units, bytes, 3);
        assert.deepEqual(decodeInventory(bytes.subarray(3, 3 + parametersLength), payload), units);
      }),
    );
  });

  it('come back as they went, for the small ones', () => {
    const event = { kind: 1, unit: 0xffffffff, argument: 3 };
    assert.deepEqual(decodeEvent(parametersOf(encodeEvent, event)), event);
    const close = { nexus: 7, why: 2 };
    assert.deepEqual(decodeNexusClose(parametersOf(encodeNexusClose, close)), close);
    const refuse = { reason: 2, text: 'this is cluster a, not b' };
    assert.deepEqual(decodeRefuse(parametersOf(encodeRefuse, refuse)), refuse);
    const management = { nexus: 1, unit: 2, function: 5, tag: 0xfffffffe };
    assert.deepEqual(decodeTaskManagement(parametersOf(encodeTaskManagement, management)), management);
  });

  it('never throw and never read past their end, whatever the bytes are', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 900 }),
        fc.uint8Array({ maxLength: 200 }),
        (parameters, payload) => {
          decodeHello(parameters);
          decodeNexusOpen(parameters);
          decodeCommand(parameters);
          decodeResult(parameters);
          decodeRefuse(parameters);
          decodeTaskManagement(parameters);
          decodeInventory(parameters, payload);
        },
      ),
    );
  });

  it('of a COMMAND are malformed when its numbers contradict each other', () => {
    const good = {
      nexus: 1,
      unit: 1,
      tag: 1,
      taskAttribute: 0 as const,
      dataOutLength: 4096,
      dataInLength: 0,
      unsolicitedLength: 4096,
      dataInCredit: 0,
      readSetLength: 65536,
      cdb: new Uint8Array(16),
    };
    assert.notEqual(decodeCommand(parametersOf(encodeCommand, good)), null);
    for (const wrong of [
      { ...good, unsolicitedLength: 4097 },
      { ...good, dataInLength: 1 },
      { ...good, dataInCredit: 1 },
      { ...good, taskAttribute: 4 },
      { ...good, readSetLength: 0 },
      { ...good, readSetLength: MIN_READ_SET - 1 },
      { ...good, readSetLength: MAX_PAYLOAD + 1 },
      { ...good, cdb: new Uint8Array(5) },
    ]) {
      assert.equal(decodeCommand(parametersOf(encodeCommand, wrong)), null, JSON.stringify(wrong));
    }
    assert.equal(decodeCommand(parametersOf(encodeCommand, good).subarray(0, 44)), null, 'a CDB cut short');
  });
});

describe('the frame header', () => {
  function sealed(): Uint8Array {
    const frame = new Uint8Array(HEADER_LENGTH + 8);
    const header = {
      ...emptyHeader(),
      type: FrameType.transferReady,
      parametersLength: 8,
      generation: 9,
      exchange: 0x10001,
    };
    sealFrame(frame, header);
    return frame;
  }

  it('comes back as it went', () => {
    const header = emptyHeader();
    decodeHeader(sealed(), header);
    assert.deepEqual(header, {
      type: FrameType.transferReady,
      flags: 0,
      parametersLength: 8,
      payloadLength: 0,
      generation: 9,
      exchange: 0x10001,
      payloadChecksum: 0,
    });
  });

  it('is broken by any flipped bit, in it or in the parameters', () => {
    for (let bit = 0; bit < (HEADER_LENGTH + 8) * 8; bit++) {
      const frame = sealed();
      frame[bit >> 3] = (frame[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(headerChecksumHolds(frame, 8), false, `bit ${bit}`);
    }
    assert.equal(headerChecksumHolds(sealed(), 8), true);
  });

  it('is judged by type, flags and lengths', () => {
    const good = {
      ...emptyHeader(),
      type: FrameType.dataIn,
      flags: FINAL,
      parametersLength: 10,
      payloadLength: MAX_PAYLOAD,
    };
    assert.equal(brokenHeader(good), null);
    for (const wrong of [
      { ...good, type: 99 },
      { ...good, type: 0 },
      { ...good, flags: 2 },
      { ...good, type: FrameType.dataOut, parametersLength: 4 },
      { ...good, parametersLength: 11 },
      { ...good, parametersLength: 3 },
      { ...good, payloadLength: MAX_PAYLOAD + 1 },
      { ...good, type: FrameType.probe, flags: 0, parametersLength: 4, payloadLength: 1 },
    ]) {
      assert.notEqual(brokenHeader(wrong), null, JSON.stringify(wrong));
    }
  });
});
