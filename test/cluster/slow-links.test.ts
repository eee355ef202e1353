import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LinkLimits } from '../../src/limits.ts';
import type { Nexus } from '../../src/scsi/nexus.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { Relay } from '../support/relay.ts';
import { pattern } from '../support/scsi.ts';
import { Clients } from './support/clients.ts';
import { TwoSystems } from './support/two-systems.ts';

const SLOW = 'link slow: used last';

describe('one of two links is delayed in one direction', () => {
  let systems: TwoSystems;
  let clients: Clients;
  let relay: Relay;
  /** Bound to the link that becomes slow, and to the other. */
  let onSlow: Nexus;
  let onOther: Nexus;

  before(async () => {
    systems = await TwoSystems.start({
      transport: 'tcp',
      furtherLinks: ['unix'],
      via: async (address) => {
        if (address.transport !== 'tcp') return address;
        relay = await Relay.to({ host: address.host, port: address.port });
        return { ...address, port: relay.port };
      },
    });
    clients = new Clients(systems);
    const [one, two] = [await clients.join('one'), await clients.join('two')];
    [onSlow, onOther] = (await clients.linkOf(one)) === 0 ? [one, two] : [two, one];
    const seen = [systems.alpha, systems.beta].map(({ log }) => log.next(SLOW));
    relay.delay(2 * LinkLimits.slowMilliseconds);
    await Promise.all(seen);
  });
  after(async () => {
    await systems.stop();
    await relay.close();
  });

  const slots = (of: 'alpha' | 'beta') => systems[of].interconnect.partners[0]?.slots ?? [];

  it('both ends warn of it, once, and of it alone', () => {
    for (const of of ['alpha', 'beta'] as const) {
      const lines = systems[of].log.lines.filter((line) => line.startsWith(SLOW));
      const generation = slots(of)[0]?.link?.terms.generation;
      assert.equal(lines.length, 1);
      assert(lines[0]?.includes(`"generation":${generation},`));
      assert.equal(slots(of)[0]?.latency.isSlow, true);
      assert.equal(slots(of)[0]?.state, 'up');
    }
  });

  it('those who come now take the other one, all of them', async () => {
    for (let number = 0; number < 4; number++) {
      assert.equal(await clients.linkOf(await clients.join(`new${number}`)), 1);
    }
  });

  it('who is bound to it stays on it, is served, and is told of no lost nexus', async () => {
    assert.equal(await clients.linkOf(onSlow), 0);
    assert.equal((await clients.write(onSlow, 1, 7).run(systems.proxied)).status, Status.good);
    const { status, data } = await clients.read(onOther, 1).run(systems.proxied);
    assert.equal(status, Status.good);
    assert.deepEqual(data, pattern(4096, 7));
  });

  it('the next session of who was bound to it takes the other one', async () => {
    systems.proxied.nexusLost(onSlow, 'logout');
    const again = await clients.join(onSlow.initiatorName.replace('iqn.2026-11.test:', ''));
    assert.equal(await clients.linkOf(again), 1);
  });
});
