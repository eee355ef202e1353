/** A partner that lives and forgets what it was asked, in simulated time. */
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { SimClock } from '../../sim/env/clock.ts';
import { Fabric } from '../../sim/env/fabric.ts';
import { SimNetwork } from '../../sim/env/network.ts';
import { Prng } from '../../sim/world/prng.ts';
import { Trace } from '../../sim/world/trace.ts';
import { World } from '../../sim/world/world.ts';
import { BufferPool } from '../../src/buffers/buffer-pool.ts';
import { Interconnect } from '../../src/cluster/interconnect.ts';
import type { Address } from '../../src/env/network.ts';
import { Stages } from '../../src/latency/stages.ts';
import { LinkLimits } from '../../src/limits.ts';
import { LocalUnit } from '../../src/scsi/local-unit/local-unit.ts';
import { type Command, type Task, TaskManagementFunction } from '../../src/scsi/logical-unit.ts';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import { MemoryStore } from '../../src/stores/memory/memory-store.ts';
import { blockCdb, pattern, silentLog, testNexus, testOrder, testPort } from '../support/scsi.ts';
import { TestCommand } from '../support/test-command.ts';

const READ_16 = 0x88;
const WRITE_16 = 0x8a;
const BLOCK = 512;
const traits = {
  latency: 1,
  jitter: 0,
  splitChance: 0,
  longestPiece: 65_536,
  window: 65_536,
  bytesAreSafe: true,
};
const port = testPort({ name: 'beta-proxy', system: 'beta', relativeId: 4, groupId: 2, serves: 'proxy' });
/** Bound, and the look before which it may have passed. */
const LOOK = LinkLimits.exchangeLookProbes * LinkLimits.probeMilliseconds;

class ForgetfulUnit extends LocalUnit {
  forgets = false;

  override execute(command: Command): Task {
    if (!this.forgets) return super.execute(command);
    return {
      dataOutBuffer: (_offset, length) => new Uint8Array(length),
      dataOutArrived: () => {},
      dataOutLost: () => {},
      grant: () => {},
      letGo: () => {},
    };
  }

  override manage(...given: Parameters<LocalUnit['manage']>): void {
    if (!this.forgets) super.manage(...given);
  }
}

/** Alpha owns the unit, beta proxies it. */
async function start() {
  const world = new World(new Prng(1, 1), new Trace(null));
  const fabric = new Fabric(world, traits);
  const pool = new BufferPool(1 << 20);
  const store = new MemoryStore({ byteLength: 1 << 20, blockLength: BLOCK });
  const size = { blockLength: BLOCK, byteLength: 1 << 20 };
  const identity = makeUnitIdentity('demo', { name: 'vol-a', owner: 'alpha', ...size });
  const losses: string[] = [];
  const system = (name: string, partner: string, units: 'own' | 'proxied') => {
    const process = world.newProcess(name);
    const env = {
      clock: new SimClock(world, process),
      random: { bytes: (length: number) => world.prng.bytes(length) },
      network: new SimNetwork(fabric, process, name),
      disk: { openFile: unused, createFile: unused, openDevice: unused },
    };
    const at = (host: string): Address => ({ transport: 'tcp', host, port: 3000 });
    const unit = new ForgetfulUnit({
      identity,
      store,
      pool,
      clock: env.clock,
      order: testOrder,
      log: silentLog,
    });
    const warn = (fields: object, message: string) => {
      if (message === 'link down' && 'reason' in fields) losses.push(`${name}: ${fields.reason}`);
    };
    const interconnect = new Interconnect(env, {
      self: { cluster: 'demo', name, incarnation: '00000000000000ff' },
      addresses: [at(name)],
      partners: [{ name: partner, addresses: [at(partner)] }],
      localUnits: units === 'own' ? [unit] : [],
      partnerUnits: units === 'own' ? [] : [identity],
      pool,
      order: testOrder,
      stages: new Stages(env.clock),
      readSetLength: 65_536,
      log: { ...silentLog, warn },
      receiveBuffer: new Uint8Array(65_536),
    });
    return { interconnect, unit };
  };
  const alpha = system('alpha', 'beta', 'own');
  const beta = system('beta', 'alpha', 'proxied');
  await alpha.interconnect.start();
  await beta.interconnect.start();
  await world.run(100);
  const [proxied] = beta.interconnect.proxiedUnits;
  assert(proxied !== undefined);
  const nexus = testNexus('iqn.2026-11.test:one', port);
  const exchanges = () =>
    beta.interconnect.partners.flatMap(({ links }) =>
      links.map(({ originator }) => originator.exchangesInFlight),
    );
  const read = () => new TestCommand({ nexus, cdb: blockCdb(READ_16, 0, 1), dataIn: BLOCK }).start(proxied);
  const write = () =>
    new TestCommand({ nexus, cdb: blockCdb(WRITE_16, 0, 1), dataOut: pattern(BLOCK) }).start(proxied);
  // The unit attentions of a nexus that is new, here and there.
  for (let times = 0; times < 2; times += 1) {
    read();
    await world.run(world.now + 10);
  }
  return { world, unit: alpha.unit, proxied, nexus, losses, exchanges, read, write };
}

function unused(): never {
  throw new Error('no disk');
}

test('a partner that lives and forgets commands loses its link, and they end as with any link that is lost', async () => {
  const { world, unit, losses, exchanges, read, write } = await start();
  unit.forgets = true;
  const [forgottenRead, forgottenWrite] = [read(), write()];
  await world.run(world.now + LinkLimits.exchangeMilliseconds - 10);
  assert.deepEqual([losses, exchanges()], [[], [2]], 'not before the bound');
  unit.forgets = false;
  await world.run(world.now + 2 * LOOK);
  const betas = losses.filter((loss) => loss.startsWith('beta'));
  assert.equal(betas.length, 1);
  assert.match(betas[0] ?? '', /the partner has forgotten exchange \d+ \(unit 1, nexus 1\): nothing of it/);
  const { outcome } = forgottenRead;
  assert.deepEqual([outcome?.sense?.asc, outcome?.sense?.ascq], [0x04, 0x0c]);
  assert.equal(forgottenWrite.outcome?.how, 'unknown');
  assert.deepEqual(exchanges(), [0], 'the next link is there');
  // 2A/06 twice, for the way that went and the one that came, is one; and the nexus is new to the owner.
  const senses: unknown[] = [];
  for (let times = 0; times < 3; times += 1) {
    const command = read();
    await world.run(world.now + 10);
    senses.push(command.outcome?.sense?.asc ?? command.outcome?.status);
  }
  assert.deepEqual(senses, [0x2a, 0x29, 0]);
});

test('task management that waits for a store that does not answer costs no link', async () => {
  const { world, unit, proxied, nexus, losses, exchanges } = await start();
  unit.forgets = true;
  proxied.manage(nexus, TaskManagementFunction.logicalUnitReset, 0, () => {});
  await world.run(world.now + 2 * LinkLimits.exchangeMilliseconds);
  assert.deepEqual([losses, exchanges()], [[], [1]]);
});
