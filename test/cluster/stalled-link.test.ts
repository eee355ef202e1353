import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LinkAddress } from '../../src/cluster/link/link-address.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { Relay } from '../support/relay.ts';
import { pattern } from '../support/scsi.ts';
import { Clients } from './support/clients.ts';
import { TwoSystems } from './support/two-systems.ts';

const TRANSPORTS = ['tcp', 'unix', 'fcip', 'tls'] as const;
const DOWN = 'link down';

async function relayTo(address: LinkAddress): Promise<{ relay: Relay; relayed: LinkAddress }> {
  if (address.transport === 'unix') {
    const relayed = { ...address, path: `${address.path}.relay` };
    return { relay: await Relay.to({ path: address.path }, { path: relayed.path }), relayed };
  }
  const relay = await Relay.to({ host: address.host, port: address.port });
  return { relay, relayed: { ...address, port: relay.port } };
}

/** Two systems with a link of each transport, each through a relay of its own. */
async function linkedByAll(t: TestContext): Promise<{ systems: TwoSystems; relays: Relay[] }> {
  const relays: Relay[] = [];
  t.after(async () => {
    for (const relay of relays) await relay.close();
  });
  const [transport, ...furtherLinks] = TRANSPORTS;
  const systems = await TwoSystems.start({
    transport,
    furtherLinks,
    via: async (address) => {
      const { relay, relayed } = await relayTo(address);
      relays[TRANSPORTS.indexOf(address.transport)] = relay;
      return relayed;
    },
  });
  t.after(() => systems.stop());
  return { systems, relays };
}

/** Each writes its own blocks, and knows what was acknowledged last. */
interface Writer {
  nexus: Nexus;
  readonly number: number;
  readonly place: number;
  seed: number;
}

async function writersOn(clients: Clients): Promise<Writer[]> {
  const writers: Writer[] = [];
  for (let number = 0; number < 2 * TRANSPORTS.length; number++) {
    const nexus = await clients.join(`host${number}`);
    writers.push({ nexus, number, place: await clients.linkOf(nexus), seed: 0 });
  }
  return writers;
}

describe('four links of different transports at once', { concurrency: true }, () => {
  it('all carry commands, for several initiators', async (t) => {
    const { systems } = await linkedByAll(t);
    const clients = new Clients(systems);
    const writers = await writersOn(clients);
    const before = clients.forwarded;
    await Promise.all(
      writers.map(async ({ nexus, number }) => {
        assert.equal((await clients.write(nexus, number, 1).run(systems.proxied)).status, Status.good);
      }),
    );
    assert.deepEqual(
      clients.forwarded.map((count, place) => count - (before[place] ?? 0)),
      TRANSPORTS.map(() => 2),
    );
    const served = systems.alpha.interconnect.partners[0]?.links.map(({ server }) => server.commandsServed);
    assert.deepEqual(served, clients.forwarded);
  });

  for (const [place, transport] of TRANSPORTS.entries()) {
    it(`${transport} may stall: no command is lost, and what was acknowledged is there`, async (t) => {
      const { systems, relays } = await linkedByAll(t);
      const clients = new Clients(systems);
      const writers = await writersOn(clients);
      const write = async (writer: Writer, seed: number) => {
        assert.equal((await clients.write(writer.nexus, writer.number, seed).run(systems.proxied)).status, 0);
        writer.seed = seed;
      };
      for (const writer of writers) await write(writer, 1);
      const [reader, stuck] = writers.filter((one) => one.place === place);
      assert(reader !== undefined && stuck !== undefined);
      let isDown = false;
      const down = [systems.alpha, systems.beta].map(({ log }) => log.next(DOWN));
      const noticed = Promise.all(down).then(() => {
        isDown = true;
      });
      relays[place]?.stall();
      const read = clients.read(reader.nexus, reader.number).start(systems.proxied);
      const open = clients.write(stuck.nexus, stuck.number, 99).start(systems.proxied);
      const others = writers.filter((one) => one.place !== place);
      for (let seed = 2; !isDown; seed++) await Promise.all(others.map((writer) => write(writer, seed)));
      await noticed;
      assert(others.every(({ seed }) => seed > 1));
      // One end hears nothing any more, and tells the other by another link.
      const lines = [systems.alpha, systems.beta].flatMap(({ log }) => log.lines);
      assert.match(lines.join('\n'), /link down .*nothing heard for 2000 ms/);
      // Every command has an end that its client can act on.
      const { how, status } = await read.ended;
      assert.deepEqual([how, status], ['status', Status.busy]);
      assert.equal((await open.ended).how, 'unknown', 'its session is dropped');
      assert.deepEqual((await clients.ready(reader.nexus).run(systems.proxied)).sense?.ascq, 7, '29/07');
      systems.proxied.nexusLost(stuck.nexus, 'connectionLost');
      stuck.nexus = await clients.join(`host${stuck.number}`);
      for (const writer of [reader, stuck]) {
        assert.notEqual(await clients.linkOf(writer.nexus), place);
        await write(writer, 50 + writer.number);
      }
      const back = systems.linkUp();
      relays[place]?.heal();
      await back;
      for (const { nexus, number, seed } of writers) {
        const { data } = await clients.read(nexus, number).run(systems.proxied);
        assert.deepEqual(data, pattern(4096, seed));
      }
      assert.equal(systems.local.taskCount, 0);
    });
  }
});
