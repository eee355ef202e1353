/** How soon clients learn that a way has gone, or is back: in simulated time, from the failure detector's decision. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { Attentions } from '../../sim/checkers/attentions.ts';
import { makeCluster } from '../../sim/cluster-config.ts';
import { Fabric } from '../../sim/env/fabric.ts';
import { drawSwarm } from '../../sim/swarm.ts';
import { SimSystem } from '../../sim/system.ts';
import { Prng } from '../../sim/world/prng.ts';
import { Trace } from '../../sim/world/trace.ts';
import { World } from '../../sim/world/world.ts';
import { targetPortsOf } from '../../src/daemon/target-ports.ts';
import { LinkLimits, ScsiLimits } from '../../src/limits.ts';
import { AccessState } from '../../src/scsi/access-states.ts';
import type { Command } from '../../src/scsi/logical-unit.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import type { Router } from '../../src/scsi/router/router.ts';
import { blockCdb, present } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';

const WRITE_16 = 0x8a;
const TEST_UNIT_READY = new Uint8Array(6);
const REPORT_GROUPS = [0xa3, 0x0a, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0];
const BLOCK = 512;
/** ms: what is promised. */
const PROMISED = 2_000;
const { activeOptimized, activeNonOptimized, unavailable } = AccessState;

/** When the detectors have decided. */
class Decisions extends Attentions {
  readonly losses: number[] = [];
  readonly returns: number[] = [];

  override linkChanged(system: string, partner: string, time: number, isLoss: boolean): void {
    super.linkChanged(system, partner, time, isLoss);
    (isLoss ? this.losses : this.returns).push(time);
  }
}

/** A client of one unit through one system: asks for the access states, and polls with TEST UNIT READY, one at a time. */
class Client {
  readonly what: string;
  readonly #router: Router;
  readonly #nexus: Nexus;
  readonly #lun: number;
  #poll: TestCommand | null = null;
  /** When it was last told 2A/06. */
  told = 0;

  constructor(what: string, router: Router, nexus: Nexus, lun: number) {
    this.what = what;
    this.#router = router;
    this.#nexus = nexus;
    this.#lun = lun;
  }

  start(cdb: readonly number[] | Uint8Array, options: { dataIn?: number; dataOut?: Uint8Array } = {}) {
    const unit = { execute: (command: Command) => this.#router.execute(this.#lun, command) };
    return new TestCommand({ nexus: this.#nexus, cdb, ...options }).start(unit);
  }

  /** ASYMMETRIC ACCESS STATE by target port group. */
  states(): Record<number, number> {
    const { outcome } = this.start(REPORT_GROUPS, { dataIn: 255 });
    assert(outcome !== null && outcome.status === 0);
    const states: Record<number, number> = {};
    for (let at = 4; at < outcome.data.length; at += 12) {
      states[outcome.data[at + 3] ?? 0] = (outcome.data[at] ?? 0) & 0xf;
    }
    return states;
  }

  poll(now: number): void {
    const ended = this.#poll?.outcome;
    if (ended?.sense?.asc === 0x2a && ended.sense.ascq === 0x06) this.told = now;
    if (ended !== null) this.#poll = this.start(TEST_UNIT_READY);
  }
}

/** Alpha owns LUN 0, beta LUN 1. A client of each through each. */
async function start() {
  const prng = new Prng(1, 1);
  const world = new World(prng, new Trace(null));
  const swarm = { ...drawSwarm(prng), systems: 2, links: [['tcp'], ['tcp']] as const, units: 2 };
  const made = makeCluster({ ...swarm, splitPorts: false }, prng);
  const owners = ['alpha', 'beta'] as const;
  const cluster = {
    ...made,
    units: made.units.map((unit, lun) => ({ ...unit, owner: owners[lun] ?? '' })),
  };
  const fabric = new Fabric(world, { ...swarm.network, latency: 0.2, jitter: 0.1 });
  const decisions = new Decisions();
  const systems = cluster.systems.map(
    (system) => new SimSystem(cluster, system, world, fabric, swarm.disk, decisions),
  );
  for (const system of systems) system.start();
  await world.run(1_000);
  const clients = systems.flatMap(({ name, config, running }) => {
    const [port] = targetPortsOf(config);
    assert(running !== null && port !== undefined);
    const { router } = running.parts;
    return [0, 1].map((lun) => {
      const nexus = router.openNexus(`iqn.test:${name}-${lun}`, '800000000000', port, present);
      return new Client(`LUN ${lun} through ${name}`, router, nexus, lun);
    });
  });
  /** Polls every ms until then. */
  const run = async (until: number, look = () => {}) => {
    while (world.now < until) {
      await world.run(world.now + 1);
      for (const client of clients) client.poll(world.now);
      look();
    }
  };
  /** When each client was told, and is shown these states (of LUN 0, of LUN 1); for as long as `until`. */
  const whenAllKnow = async (states: readonly Record<number, number>[], until: number) => {
    const shown = new Map<Client, number>();
    const before = world.now;
    await run(until, () => {
      for (const [index, client] of clients.entries()) {
        const right = JSON.stringify(client.states()) === JSON.stringify(states[index % 2]);
        if (right && !shown.has(client)) shown.set(client, world.now);
        if (!right) shown.delete(client);
      }
    });
    for (const client of clients) {
      assert(shown.has(client), `${client.what} shows ${JSON.stringify(client.states())}`);
      assert(client.told > before, `${client.what} was told nothing`);
    }
    return Math.max(...shown.values(), ...clients.map(({ told }) => told));
  };
  await run(1_100);
  assert.deepEqual(
    clients.map((client) => client.states()),
    [...linked, ...linked],
  );
  return { world, fabric, systems, clients, decisions, run, whenAllKnow };
}

const linked = [
  { 1: activeOptimized, 2: activeNonOptimized },
  { 1: activeNonOptimized, 2: activeOptimized },
];
const apart = [
  { 1: activeOptimized, 2: unavailable },
  { 1: unavailable, 2: activeOptimized },
];

const ways = {
  'in both directions': ['alpha beta', 'beta alpha'],
  'from alpha to beta': ['alpha beta'],
  'from beta to alpha': ['beta alpha'],
};
for (const [what, cuts] of Object.entries(ways)) {
  test(`a way that is dead ${what}: every client on both systems knows soon after the decision, and when it is back`, async () => {
    const { world, fabric, decisions, whenAllKnow } = await start();
    const cut = world.now;
    for (const way of cuts) fabric.cut(...(way.split(' ') as [string, string]));
    const lost = await whenAllKnow(apart, cut + LinkLimits.silenceMilliseconds + 2 * PROMISED);
    const decided = Math.min(...decisions.losses);
    assert(decided >= cut + LinkLimits.silenceMilliseconds - LinkLimits.probeMilliseconds, `at ${decided}`);
    assert(lost - decided <= PROMISED, `${lost - decided} ms after the decision`);

    decisions.returns.length = 0;
    for (const way of cuts) fabric.mend(...(way.split(' ') as [string, string]));
    const back = await whenAllKnow(linked, world.now + LinkLimits.connectMilliseconds + 3 * PROMISED);
    const up = Math.min(...decisions.returns);
    assert(back - up <= PROMISED, `${back - up} ms after the link was up`);
  });
}

test('a store that does not answer: every client of the unit, on both systems, knows soon after the decision', async () => {
  const { world, systems, clients } = await start();
  const [alpha] = systems;
  const unit = alpha?.running?.parts.localUnits[0];
  assert(alpha !== undefined && unit !== undefined);
  const concerned = clients.filter(({ what }) => what.startsWith('LUN 0'));
  alpha.medium(unit.identity.name).faults.slowness = Number.MAX_SAFE_INTEGER;
  const write = concerned[0]?.start(blockCdb(WRITE_16, 0, 1), { dataOut: new Uint8Array(BLOCK) });
  const bound = world.now + ScsiLimits.storeCallMilliseconds + 2 * ScsiLimits.lookMilliseconds;
  while (world.now < bound && unit.available) await world.run(world.now + 1);
  const decided = world.now;
  assert.equal(write?.outcome?.how, 'unknown');
  const know = new Set<Client>();
  while (world.now < decided + PROMISED) {
    for (const client of concerned) {
      client.poll(world.now);
      const states = client.states();
      if (client.told >= decided && states[1] === unavailable && states[2] === unavailable) know.add(client);
    }
    await world.run(world.now + 1);
  }
  assert.equal(know.size, concerned.length);
});
