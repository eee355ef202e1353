/**
 * A system speaks to the release before it: protocol version 1. What is played here are the bytes that two systems of that
 * release said to each other (recorded/version-1.json), one side of them to a system of today.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { SimClock } from '../../sim/env/clock.ts';
import { Fabric } from '../../sim/env/fabric.ts';
import { SimNetwork } from '../../sim/env/network.ts';
import { Prng } from '../../sim/world/prng.ts';
import { Trace } from '../../sim/world/trace.ts';
import { World } from '../../sim/world/world.ts';
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { Interconnect } from '../../src/cluster/interconnect.ts';
import type { Address, ByteStream } from '../../src/env/network.ts';
import { Stages } from '../../src/latency/stages.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import { TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { EventKind } from '../../src/wire/interconnect/event.ts';
import { FrameType } from '../../src/wire/interconnect/frame.ts';
import { decodeHello, encodeHello, type Hello } from '../../src/wire/interconnect/hello.ts';
import { REPOSITORY } from '../support/repository.ts';
import { blockCdb, pattern, silentLog, testNexus, testOrder, testPort } from '../support/scsi.ts';
import { TestCommand, type TestCommandOptions } from '../support/test-command.ts';

interface Said {
  readonly from: 'alpha' | 'beta';
  readonly hex: string;
}

const recorded = JSON.parse(
  readFileSync(join(REPOSITORY, 'test/cluster/recorded/version-1.json'), 'utf8'),
) as readonly Said[];
const HEADER_LENGTH = 24;
const SIZE = { blockLength: 512, byteLength: 1 << 20 };
const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...SIZE });
const traits = {
  latency: 1,
  jitter: 0,
  splitChance: 0,
  longestPiece: 1,
  window: 1 << 20,
  bytesAreSafe: true,
};
/** Longer than a round trip; all of the conversation is over before the first probe. */
const STEP = 15;

function said(from: Said['from']): string {
  return recorded.flatMap((each) => (each.from === from ? each.hex : [])).join('');
}

/** One system of today, and the network that it is on. */
class Rig {
  readonly world = new World(new Prng(1, 1), new Trace(null));
  readonly #fabric = new Fabric(this.world, traits);
  readonly store = new MemoryStore(SIZE);
  #now = 0;

  network(host: string) {
    const process = this.world.newProcess(host);
    return { process, network: new SimNetwork(this.#fabric, process, host) };
  }

  system(name: 'alpha' | 'beta', incarnation: string): Interconnect {
    const { process, network } = this.network(name);
    const partner = name === 'alpha' ? 'beta' : 'alpha';
    const clock = new SimClock(this.world, process);
    const pool = new BufferPool(1 << 20);
    const unused = () => {
      throw new Error('no disk');
    };
    const disk = { openFile: unused, createFile: unused, openDevice: unused };
    const random = { bytes: (length: number) => new Uint8Array(length) };
    const unit = new LocalUnit({
      identity,
      store: this.store,
      pool,
      clock,
      order: testOrder,
      log: silentLog,
    });
    return new Interconnect(
      { clock, random, network, disk },
      {
        self: { cluster: 'demo', name, incarnation },
        addresses: [addressOf(name)],
        partners: [{ name: partner, addresses: [addressOf(partner)] }],
        localUnits: name === 'alpha' ? [unit] : [],
        partnerUnits: name === 'alpha' ? [] : [identity],
        pool,
        order: testOrder,
        stages: new Stages(clock),
        readSetLength: 4096,
        log: silentLog,
        receiveBuffer: new Uint8Array(65536),
      },
    );
  }

  async step(): Promise<void> {
    this.#now += STEP;
    await this.world.run(this.#now);
  }
}

function addressOf(host: string): Address {
  return { transport: 'tcp', host, port: 3000 };
}

/** The other end of a stream: keeps what comes. */
class Peer {
  received = '';
  #stream: ByteStream | null = null;

  attach(stream: ByteStream): void {
    this.#stream = stream;
    const buffer = new Uint8Array(65536);
    stream.attach({
      receiveBuffer: () => buffer,
      received: (length) => {
        this.received += Buffer.from(buffer.subarray(0, length)).toString('hex');
        return 0;
      },
      closed: () => {},
    });
  }

  say(hex: string): void {
    this.#stream?.write([Buffer.from(hex, 'hex')], () => {});
  }
}

/** HELLO as the former release would have sent it. */
function withVersion1(hex: string): string {
  const frame = Buffer.from(hex, 'hex');
  const hello = decodeHello(frame.subarray(HEADER_LENGTH));
  assert.ok(hello !== null);
  assert.deepEqual([hello.lowestVersion, hello.highestVersion], [1, 2]);
  const older: Hello = { ...hello, highestVersion: 1 };
  const length = encodeHello(older, frame, HEADER_LENGTH);
  return frame.subarray(HEADER_LENGTH, HEADER_LENGTH + length).toString('hex');
}

describe('a partner of the release before', () => {
  it('is served by an owner of today, byte for byte as it was', async () => {
    const rig = new Rig();
    const alpha = rig.system('alpha', '00000000000000aa');
    await alpha.start();
    const beta = new Peer();
    const { network } = rig.network('beta');
    network.connect(addressOf('alpha'), (stream) => beta.attach(stream), assert.fail);
    await rig.step();
    for (const { from, hex } of recorded) {
      const isCapacityEvent = hex.startsWith('0500');
      if (from === 'alpha' && isCapacityEvent) {
        const event = { kind: EventKind.capacity, unit: 1, argument: 0 };
        for (const link of alpha.partners.flatMap(({ links }) => links)) link.sendEvent(event);
      }
      if (from === 'alpha') continue;
      beta.say(hex);
      await rig.step();
    }
    await rig.step();
    // Its GOODBYE has ended the link.
    assert.equal(beta.received, said('alpha'));
    const stored = new Uint8Array(2048);
    rig.store.readCached(8 * 512, stored);
    assert.deepEqual(stored, pattern(2048));
  });

  it('is used by an originator of today, byte for byte as it was but for the versions that are offered', async () => {
    const rig = new Rig();
    const alpha = new Peer();
    const { network } = rig.network('alpha');
    await network.listen(addressOf('alpha'), (stream) => alpha.attach(stream));
    const beta = rig.system('beta', '00000000000000bb');
    await beta.start();
    await rig.step();

    const answers = recorded.filter(({ from }) => from === 'alpha');
    const hello = alpha.received;
    /** Says what comes next, when `action` has brought on what it answers to. */
    const next = async (count: number, action: () => void = () => {}) => {
      action();
      for (let index = 0; index < count; index += 1) {
        await rig.step();
        alpha.say(answers.shift()?.hex ?? assert.fail('nothing is left to say'));
      }
      await rig.step();
    };
    await next(1);
    const [unit] = beta.proxiedUnits;
    assert.ok(unit?.available);
    const port = testPort({
      name: 'beta-proxy',
      system: 'beta',
      targetName: 'iqn.2026-11.dev.crosspath:demo:beta-proxy',
      portalGroupTag: 4,
      relativeId: 4,
      groupId: 2,
    });
    const nexus = testNexus('iqn.2026-11.test:recorded', port);
    const run = async (count: number, cdb: Uint8Array, options: Partial<TestCommandOptions> = {}) => {
      const command = new TestCommand({ nexus, tag: 7, cdb, ...options });
      await next(count, () => command.start(unit));
      return command.outcome;
    };
    assert.equal((await run(1, new Uint8Array(6)))?.sense?.asc, 0x29);
    await run(1, blockCdb(0x8a, 8, 4), { dataOut: pattern(2048) });
    await run(2, blockCdb(0x8a, 64, 16), { dataOut: pattern(8192, 2), unsolicited: 0 });
    const short = await run(1, blockCdb(0x88, 8, 4), { dataIn: 2048 });
    assert.deepEqual(short?.data, pattern(2048));
    const credit = { dataIn: 32768, credit: 8192, readSet: 4096 };
    const long = await run(4, blockCdb(0x88, 64, 64), credit);
    assert.deepEqual(long?.data.subarray(0, 8192), pattern(8192, 2));
    assert.equal((await run(1, blockCdb(0x88, 1 << 20, 1), { dataIn: 512 }))?.sense?.asc, 0x21);
    let reset = '';
    await next(1, () =>
      unit.manage(nexus, TaskManagementFunction.logicalUnitReset, 0, (response) => {
        reset = response;
      }),
    );
    assert.equal(reset, 'complete');
    await next(1);
    assert.equal(unit.takeUnitAttention(nexus)?.asc, 0x2a, 'the event was understood');
    await next(0, () => unit.nexusLost(nexus, 'logout'));
    void beta.stop(STEP);
    await rig.step();
    await rig.step();
    assert.equal(answers.length, 0);

    const [recordedHello = ''] = recorded.flatMap(({ from, hex }) => (from === 'beta' ? hex : []));
    assert.equal(withVersion1(hello), recordedHello.slice(2 * HEADER_LENGTH));
    const behind = said('beta').slice(recordedHello.length);
    assert.equal(alpha.received.slice(hello.length), behind);
  });

  it('is told nothing that it does not know', () => {
    const types = new Set(recorded.map(({ hex }) => Number.parseInt(hex.slice(0, 2), 16)));
    assert.ok(!types.has(FrameType.nexusPing) && !types.has(FrameType.nexusHeld));
    assert.ok(types.has(FrameType.transferReady) && types.has(FrameType.grant));
  });
});
