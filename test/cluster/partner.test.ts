import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { SimClock } from '../../sim/env/clock.ts';
import { Fabric } from '../../sim/env/fabric.ts';
import { SimNetwork } from '../../sim/env/network.ts';
import { Prng } from '../../sim/world/prng.ts';
import type { SimProcess } from '../../sim/world/process.ts';
import { Trace } from '../../sim/world/trace.ts';
import { World } from '../../sim/world/world.ts';
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { Interconnect } from '../../src/cluster/interconnect.ts';
import type { Address } from '../../src/env/network.ts';
import { Stages } from '../../src/latency/stages.ts';
import { LinkLimits } from '../../src/limits.ts';
import { testOrder } from '../support/scsi.ts';

const traits = {
  latency: 1,
  jitter: 0,
  splitChance: 0,
  longestPiece: 1,
  window: 65_536,
  bytesAreSafe: true,
};

/** Alpha listens, beta dials. */
class Two {
  readonly world = new World(new Prng(1, 1), new Trace(null));
  readonly traits = { ...traits };
  readonly fabric = new Fabric(this.world, this.traits);
  /** What was logged of slow links: the system, and the message. */
  readonly said: string[] = [];
  /** Alpha's, then beta's. */
  readonly processes: SimProcess[] = [];
  readonly alpha = this.#system('alpha', 'beta');
  readonly beta = this.#system('beta', 'alpha');

  async start(): Promise<void> {
    await this.alpha.start();
    await this.beta.start();
  }

  cut(isCut: boolean): void {
    for (const [from, to] of [
      ['alpha', 'beta'],
      ['beta', 'alpha'],
    ] as const) {
      if (isCut) this.fabric.cut(from, to);
      else this.fabric.mend(from, to);
    }
  }

  get states(): readonly string[] {
    return [this.alpha, this.beta].flatMap(({ partners }) =>
      partners.flatMap(({ slots }) => slots.map(({ state }) => state)),
    );
  }

  /** Of alpha, then of beta. */
  get slow(): readonly boolean[] {
    return [this.alpha, this.beta].flatMap(({ partners }) =>
      partners.flatMap(({ slots }) =>
        slots.map(({ link, latency }) => link?.originator.isSlow ?? latency.isSlow),
      ),
    );
  }

  #system(name: string, partner: string): Interconnect {
    const note = (_: object, message: string) => {
      if (message.includes('slow')) this.said.push(`${name}: ${message}`);
    };
    const log = { debug() {}, info: note, warn: note, error: note };
    const process = this.world.newProcess(name);
    this.processes.push(process);
    const env = {
      clock: new SimClock(this.world, process),
      random: { bytes: (length: number) => this.world.prng.bytes(length) },
      network: new SimNetwork(this.fabric, process, name),
      disk: { openFile: unused, createFile: unused, openDevice: unused },
    };
    const at = (host: string): Address => ({ transport: 'tcp', host, port: 3000 });
    return new Interconnect(env, {
      self: { cluster: 'demo', name, incarnation: '00000000000000ff' },
      addresses: [at(name)],
      partners: [{ name: partner, addresses: [at(partner)] }],
      localUnits: [],
      partnerUnits: [],
      pool: new BufferPool(1 << 20),
      order: testOrder,
      stages: new Stages(env.clock),
      readSetLength: 65_536,
      log,
      receiveBuffer: new Uint8Array(65_536),
    });
  }
}

function unused(): never {
  throw new Error('no disk');
}

test('two systems have a link', async () => {
  const two = new Two();
  await two.start();
  await two.world.run(100);
  assert.deepEqual(two.states, ['up', 'up']);
});

// A kernel sends a SYN again after 1, 3, 7, 15, 31 and 63 seconds: what waits for it sleeps on when the way is back.
test('a way that was cut while the partner was dialed is used soon after it is mended', async () => {
  const two = new Two();
  two.cut(true);
  await two.start();
  await two.world.run(10_000);
  two.cut(false);
  await two.world.run(14_500);
  assert.deepEqual(two.states, ['up', 'up']);
});

// Found by a seed of the simulator: the pause had followed an attempt that had itself taken 3 s.
test('a way that comes back is used within the time of one attempt, whenever it comes back', async () => {
  for (let mended = 10_000; mended < 16_000; mended += 250) {
    const two = new Two();
    two.cut(true);
    await two.start();
    await two.world.run(mended);
    two.cut(false);
    await two.world.run(mended + LinkLimits.connectMilliseconds + 100);
    assert.deepEqual(two.states, ['up', 'up'], `mended after ${mended} ms`);
  }
});

// Found by a seed of the simulator: a TLS handshake, say, may end when the listener has been closed.
test('a partner that was being accepted when a system stops gets no link, and nothing runs behind the stop', async () => {
  const two = new Two();
  await two.alpha.start();
  const [alpha] = two.processes;
  assert(alpha !== undefined);
  two.world.pause(alpha);
  await two.beta.start();
  await two.world.run(100);
  await two.alpha.stop(1000);
  two.world.resume(alpha, true);
  await two.world.run(200);
  assert.deepEqual(two.states, ['down', 'down']);
});

test('a link is slow while its round trips are far above its own history, and says when that begins and ends', async () => {
  const two = new Two();
  await two.start();
  await two.world.run(10_000);
  assert.deepEqual(two.slow, [false, false]);
  two.traits.latency = 200;
  await two.world.run(12_500);
  assert.deepEqual(two.slow, [true, true]);
  assert.deepEqual(two.states, ['up', 'up']);
  await two.world.run(60_000);
  assert.deepEqual(two.slow, [true, true], 'nobody gets used to it');
  two.traits.latency = 1;
  await two.world.run(63_000);
  assert.deepEqual(two.slow, [true, true], 'not yet to be trusted');
  await two.world.run(67_000);
  assert.deepEqual(two.slow, [false, false]);
  const lines = ['alpha', 'beta'].flatMap((name) => [
    `${name}: link slow: used last`,
    `${name}: link no longer slow`,
  ]);
  assert.deepEqual([...two.said].sort(), lines.sort());
});

test('a link that stalls is slow before it is dead, and the one that takes its place has yet to prove itself', async () => {
  const two = new Two();
  await two.start();
  await two.world.run(10_250);
  two.cut(true);
  await two.world.run(12_200);
  assert.deepEqual(two.slow, [true, true]);
  assert.deepEqual(two.states, ['up', 'up']);
  await two.world.run(13_000);
  assert(!two.states.includes('up'));
  two.cut(false);
  await two.world.run(17_000);
  assert.deepEqual(two.states, ['up', 'up']);
  assert.deepEqual(two.slow, [true, true]);
  await two.world.run(24_000);
  assert.deepEqual(two.slow, [false, false]);
});

for (const timersFirst of [true, false]) {
  const order = timersFirst ? 'its timers' : 'what it has received';
  test(`a system that is stopped again and again, and runs ${order} first, blames no link; its partner sees a slow one`, async () => {
    const two = new Two();
    await two.start();
    await two.world.run(10_250);
    const [alpha] = two.processes;
    assert(alpha !== undefined);
    for (let now = 10_250; now < 14_000; now += 701) {
      two.world.pause(alpha);
      await two.world.run(now + 700);
      two.world.resume(alpha, timersFirst);
      // Too soon for the answer to the probe that it sends now.
      await two.world.run(now + 701);
    }
    await two.world.run(15_000);
    assert.deepEqual(two.states, ['up', 'up']);
    assert.deepEqual(two.slow, [false, true]);
    assert.deepEqual(two.said, ['beta: link slow: used last']);
  });
}
