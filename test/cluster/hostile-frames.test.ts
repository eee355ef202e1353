import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { LinkLimits } from '../../src/limits.ts';
import { type CommandParameters, encodeCommand } from '../../src/wire/interconnect/command.ts';
import { type FrameHeader, FrameType, HEADER_LENGTH, sealFrame } from '../../src/wire/interconnect/frame.ts';
import { decodeRefuse, RefuseReason } from '../../src/wire/interconnect/refuse.ts';
import { decodeResult } from '../../src/wire/interconnect/result.ts';
import { encodeTaskManagement } from '../../src/wire/interconnect/task-management.ts';
import { blockCdb, pattern } from '../support/scsi.ts';
import { RawPartner } from './support/raw-partner.ts';
import { TwoSystems } from './support/two-systems.ts';

const WRITE16 = 0x8a;
const FIRST = 0x1_0000;
const u32 = (...values: number[]) => {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, at * 4);
  return new Uint8Array(bytes);
};

function command(changes: Partial<CommandParameters> = {}): Uint8Array {
  const bytes = new Uint8Array(1024);
  const parameters = {
    nexus: 1,
    unit: 1,
    tag: 1,
    taskAttribute: 0,
    dataOutLength: 4096,
    dataInLength: 0,
    unsolicitedLength: 4096,
    dataInCredit: 0,
    readSetLength: 65536,
    cdb: blockCdb(WRITE16, 0, 8),
    ...changes,
  };
  return bytes.slice(0, encodeCommand(parameters, bytes, 0));
}

const testUnitReady = command({ dataOutLength: 0, unsolicitedLength: 0, cdb: new Uint8Array(16) });

describe('a hostile or broken partner', () => {
  let systems: TwoSystems;
  let partner: RawPartner;

  beforeEach(async () => {
    systems = await TwoSystems.start({ transport: 'unix' });
    await systems.beta.interconnect.stop(0);
  });
  afterEach(async () => {
    partner.destroy();
    await systems.stop();
  });

  function nothingStored(): void {
    const bytes = new Uint8Array(1 << 16);
    systems.store.readCached(0, bytes);
    assert.ok(
      bytes.every((byte) => byte === 0),
      'nothing was written',
    );
  }

  /** The system still serves a partner that behaves. */
  async function stillServes(): Promise<void> {
    partner = await RawPartner.greeted(systems.address);
    partner.openNexus(1);
    partner.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
    const { parameters } = await partner.next(FrameType.response);
    assert.equal(decodeResult(parameters)?.sense?.asc, 0x29);
    assert.equal(systems.alpha.pool.leasedBytes, 0);
  }

  for (const [what, changes, reason] of [
    ['of another cluster', { cluster: 'other' }, RefuseReason.otherCluster],
    ['of another protocol version', { lowestVersion: 3, highestVersion: 9 }, RefuseReason.version],
    ['that nobody knows', { system: 'gamma' }, RefuseReason.unknownSystem],
    ['that means another system', { partner: 'gamma' }, RefuseReason.notTheOneMeant],
  ] as const) {
    it(`${what} is refused with the reason, and logged`, async () => {
      partner = await RawPartner.connect(systems.address);
      partner.sendHello(changes);
      const { parameters } = await partner.next(FrameType.refuse);
      assert.equal(decodeRefuse(parameters)?.reason, reason);
      await partner.closed;
      assert.ok(systems.alpha.log.lines.some((line) => line.startsWith('handshake refused')));
      await stillServes();
    });
  }

  it('that sends no frames at all is dropped', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 4096 }), async (bytes) => {
        partner = await RawPartner.connect(systems.address);
        partner.write(bytes);
        await partner.closed;
      }),
      { numRuns: 30 },
    );
    await stillServes();
  });

  it('that calls over and over without a greeting is turned away, and served again when it has gone', async () => {
    const silent: RawPartner[] = [];
    for (let count = 0; count < LinkLimits.maxGreetings; count++) {
      silent.push(await RawPartner.connect(systems.address));
    }
    partner = await RawPartner.connect(systems.address);
    await partner.closed;
    for (const one of silent) one.destroy();
    const TURNED_AWAY = 'a caller on the interconnect was turned away';
    const turnedAway = () => systems.alpha.log.lines.filter((line) => line.startsWith(TURNED_AWAY)).length;
    while (turnedAway() <= LinkLimits.maxGreetings) await systems.alpha.log.next(TURNED_AWAY);
    await stillServes();
  });

  it('that begins with anything but a greeting is dropped', async () => {
    for (const type of Object.values(FrameType)) {
      if (type === FrameType.hello) continue;
      partner = await RawPartner.connect(systems.address);
      partner.send({ type }, type === FrameType.command ? testUnitReady : u32(1));
      await partner.closed;
    }
    await stillServes();
  });

  const forged: Record<string, (to: RawPartner) => void> = {
    'another generation': (to) => to.send({ type: FrameType.probe, generation: to.generation + 1 }, u32(1)),
    'no generation': (to) => to.send({ type: FrameType.probe, generation: 0 }, u32(1)),
    'a second greeting': (to) => to.sendHello({ generation: to.generation }),
    'an unknown type': (to) => to.send({ type: 77 }, u32(1)),
    'a flag without meaning': (to) => to.send({ type: FrameType.probe, flags: 1 }, u32(1)),
    'parameters of a wrong length': (to) => to.send({ type: FrameType.probe }, u32(1, 2)),
    'an answer to no probe': (to) => to.send({ type: FrameType.probeReply }, u32(0xffffffff)),
    'a command on a nexus that is not open': (to) =>
      to.send({ type: FrameType.command, exchange: FIRST }, command({ nexus: 9 }), pattern(4096)),
    'a command to a unit that there is not': (to) =>
      to.send({ type: FrameType.command, exchange: FIRST }, command({ unit: 9 }), pattern(4096)),
    'a command with exchange 0': (to) => to.send({ type: FrameType.command }, command(), pattern(4096)),
    'a command with more data than it announced': (to) =>
      to.send(
        { type: FrameType.command, exchange: FIRST },
        command({ unsolicitedLength: 512 }),
        pattern(4096),
      ),
    'more unsolicited data than was allowed': (to) =>
      to.send(
        { type: FrameType.command, exchange: FIRST },
        command({ dataOutLength: 1 << 30, unsolicitedLength: 1 << 30 }),
      ),
    'a CDB that is cut short': (to) =>
      to.send({ type: FrameType.command, exchange: FIRST }, command().subarray(0, 45), pattern(4096)),
    'a read whose sets have no room for a block': (to) => {
      const reads = { dataOutLength: 0, unsolicitedLength: 0, dataInLength: 4096, dataInCredit: 4096 };
      const read = command({ ...reads, readSetLength: 511, cdb: blockCdb(0x88, 0, 8) });
      // The first command is told a unit attention.
      to.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
      to.send({ type: FrameType.command, exchange: FIRST + 1 }, read);
    },
    'data for an exchange that there is not': (to) =>
      to.send({ type: FrameType.dataOut, exchange: FIRST }, u32(0), pattern(4096)),
    'a grant for an exchange that there is not': (to) =>
      to.send({ type: FrameType.grant, exchange: FIRST }, u32(65536)),
    'read data that nobody asked for': (to) =>
      to.send({ type: FrameType.dataIn, exchange: FIRST }, u32(0), pattern(4096)),
    'a response to nothing': (to) =>
      to.send({ type: FrameType.response, exchange: FIRST }, new Uint8Array(6)),
    'a nexus opened twice': (to) => to.openNexus(1),
    'the end of a nexus that there is not': (to) =>
      to.send({ type: FrameType.nexusClose }, Uint8Array.of(0, 0, 0, 9, 1)),
    'a sign of life that nobody asked for': (to) => to.send({ type: FrameType.nexusHeld }, u32(1, 1)),
    'a sign of life of a nexus that there is not': (to) => to.send({ type: FrameType.nexusHeld }, u32(9, 1)),
    'a question about a nexus that it never had': (to) => to.send({ type: FrameType.nexusPing }, u32(9, 1)),
    'task management on a nexus that there is not': (to) => {
      const bytes = new Uint8Array(13);
      encodeTaskManagement({ nexus: 9, unit: 1, function: 5, tag: 0 }, bytes, 0);
      to.send({ type: FrameType.taskManagement, exchange: FIRST }, bytes);
    },
    'an inventory that lies about its length': (to) =>
      to.send({ type: FrameType.inventory }, Uint8Array.of(0, 9), new Uint8Array(100)),
    'a wrong header checksum': (to) => {
      const frame = new Uint8Array(HEADER_LENGTH + 4);
      sealFrame(frame, header({ type: FrameType.probe, parametersLength: 4, generation: to.generation }));
      frame[HEADER_LENGTH] = 1;
      to.write(frame);
    },
    'a payload over the bound': (to) => {
      const frame = new Uint8Array(HEADER_LENGTH + 4);
      const oversized = { type: FrameType.dataOut, parametersLength: 4, payloadLength: 0x7fffffff };
      sealFrame(frame, header({ ...oversized, generation: to.generation, exchange: FIRST }));
      to.write(frame);
    },
  };
  for (const [what, send] of Object.entries(forged)) {
    it(`loses its link by ${what}, and nothing is executed`, async () => {
      partner = await RawPartner.greeted(systems.address);
      partner.openNexus(1);
      const down = systems.alpha.log.next('link down');
      send(partner);
      await Promise.all([partner.closed, down]);
      const line = systems.alpha.log.lines.findLast((one) => one.startsWith('link down'));
      assert.match(line ?? '', /broken frame/);
      nothingStored();
      await stillServes();
    });
  }

  for (const [highestVersion, specific] of [
    [1, undefined],
    [2, 0xc8_0001],
  ] as const) {
    it(`of version ${highestVersion} is ${specific ? '' : 'not '}told which field of a CDB is wrong`, async () => {
      partner = await RawPartner.greeted(systems.address, { highestVersion });
      partner.openNexus(1);
      partner.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
      await partner.next(FrameType.response);
      const wrong = command({ dataOutLength: 0, unsolicitedLength: 0, cdb: Uint8Array.of(0, 1, 0, 0, 0, 0) });
      partner.send({ type: FrameType.command, exchange: FIRST + 1 }, wrong);
      const { parameters } = await partner.next(FrameType.response);
      assert.equal(decodeResult(parameters)?.sense?.asc, 0x24);
      assert.equal(decodeResult(parameters)?.sense?.specific, specific);
    });
  }

  it('of version 1 loses its link by what came with version 2', async () => {
    partner = await RawPartner.greeted(systems.address, { highestVersion: 1 });
    partner.openNexus(1);
    const down = systems.alpha.log.next('link down');
    partner.send({ type: FrameType.nexusHeld }, u32(1, 1));
    await Promise.all([partner.closed, down]);
    await stillServes();
  });

  it('of version 1 has its writes run without a proof, which it could not get', async () => {
    partner = await RawPartner.greeted(systems.address, { highestVersion: 1 });
    partner.openNexus(1);
    partner.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
    await partner.next(FrameType.response);
    partner.send({ type: FrameType.command, exchange: FIRST + 1 }, command(), pattern(4096));
    const { parameters } = await partner.next(FrameType.response);
    assert.equal(decodeResult(parameters)?.status, 0);
  });

  it('has its first write run only when it has answered for the initiator', async () => {
    partner = await RawPartner.greeted(systems.address);
    partner.openNexus(1);
    partner.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
    await partner.next(FrameType.response);
    partner.send({ type: FrameType.command, exchange: FIRST + 1 }, command(), pattern(4096));
    const ping = await partner.next(FrameType.nexusPing);
    nothingStored();
    partner.send({ type: FrameType.nexusHeld }, ping.parameters);
    const { parameters } = await partner.next(FrameType.response);
    assert.equal(decodeResult(parameters)?.status, 0);
  });

  it('loses its link by a wrong payload checksum before the data is stored', async () => {
    partner = await RawPartner.connect(systems.address);
    partner.sendHello({ wantsChecksums: true });
    const welcome = await partner.next(FrameType.welcome);
    partner.generation = Buffer.from(welcome.parameters).readUInt32BE(16);
    partner.openNexus(1);
    partner.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
    await partner.next(FrameType.response);
    const wrong = { type: FrameType.command, exchange: FIRST + 1, payloadChecksum: 1 };
    partner.send(wrong, command(), pattern(4096));
    await partner.closed;
    nothingStored();
    await stillServes();
  });

  it('that closes in mid-payload leaves no task and no buffer behind', async () => {
    partner = await RawPartner.greeted(systems.address);
    partner.openNexus(1);
    partner.send({ type: FrameType.command, exchange: FIRST }, testUnitReady);
    await partner.next(FrameType.response);
    const down = systems.alpha.log.next('link down');
    const frame = new Uint8Array(HEADER_LENGTH + command().length);
    frame.set(command(), HEADER_LENGTH);
    const parametersLength = command().length;
    const cut = { type: FrameType.command, parametersLength, payloadLength: 4096, exchange: FIRST + 1 };
    sealFrame(frame, header({ ...cut, generation: partner.generation }));
    partner.write(frame);
    partner.write(pattern(1000));
    partner.destroy();
    await down;
    assert.equal(systems.local.taskCount, 0);
    nothingStored();
    await stillServes();
  });
});

function header(given: Partial<FrameHeader>): FrameHeader {
  return {
    type: 0,
    flags: 0,
    parametersLength: 0,
    payloadLength: 0,
    generation: 0,
    exchange: 0,
    payloadChecksum: 0,
    ...given,
  };
}
