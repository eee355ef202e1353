import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import type { Address } from '../../../src/env/network.ts';
import { NO_KEYS } from '../../../src/env/node/key-ring.ts';
import { nodeEnv } from '../../../src/env/node/node-env.ts';
import { blockCdb, pattern, testNexus } from '../../support/scsi.ts';
import { TestCommand } from '../../support/test-command.ts';
import { Clients } from '../support/clients.ts';
import { sharedKeys, TwoSystems, type TwoSystemsOptions, testKey, testRing } from '../support/two-systems.ts';

const TURNED_AWAY = 'a caller on the interconnect was turned away';
const WRITE16 = 0x8a;

describe('a TLS link', () => {
  let systems: TwoSystems;

  afterEach(() => systems.stop());

  /** Both ends have said why there is no link. */
  async function refused(options: Omit<TwoSystemsOptions, 'transport'>): Promise<[string, string]> {
    systems = await TwoSystems.begin({ ...options, transport: 'tls' });
    const alpha = await lineOf(systems.alpha.log, TURNED_AWAY);
    const beta = await lineOf(systems.beta.log, 'no link yet');
    assert.equal(systems.alpha.interconnect.isUp('beta'), false);
    assert.equal(systems.beta.interconnect.isUp('alpha'), false);
    return [alpha, beta];
  }

  async function lineOf(log: TwoSystems['alpha']['log'], message: string): Promise<string> {
    for (;;) {
      const line = log.lines.find((one) => one.startsWith(message));
      if (line !== undefined) return line;
      await log.next(message);
    }
  }

  async function serves(): Promise<void> {
    const nexus = testNexus();
    await new TestCommand({ nexus, cdb: new Uint8Array(6) }).run(systems.proxied);
    const cdb = blockCdb(WRITE16, 0, 8);
    const { status } = await new TestCommand({ nexus, cdb, dataOut: pattern(4096) }).run(systems.proxied);
    assert.equal(status, 0);
  }

  it('needs no sums, for its bytes are authenticated', async () => {
    systems = await TwoSystems.start({ transport: 'tls' });
    assert.equal(systems.beta.interconnect.partners[0]?.slots[0]?.link?.terms.checksums, false);
    await serves();
  });

  it('is refused to one that has another secret, and both ends say so', async () => {
    const forged = { ...testKey(1), secret: new Uint8Array(32).fill(9) };
    const [alpha, beta] = await refused({ keys: sharedKeys([testKey(1)], [forged]) });
    assert.match(alpha, /could not prove that it has key .*beta\/0000000000000001/);
    assert.match(beta, /alpha has not taken key 0000000000000001/);
  });

  it('is refused to one whose key is unknown: of another cluster', async () => {
    const [alpha, beta] = await refused({ keys: sharedKeys([testKey(1)], [testKey(2)]) });
    assert.match(alpha, /there is no key .*beta\/0000000000000002.* here/);
    assert.match(beta, /alpha has not taken key 0000000000000002/);
  });

  it('is not even tried by one that has no key', async () => {
    systems = await TwoSystems.begin({
      transport: 'tls',
      keys: [testRing('alpha', 'beta', [testKey(1)]), NO_KEYS],
    });
    assert.match(await lineOf(systems.beta.log, 'no link yet'), /no key for alpha here/);
  });

  it('is refused to a system that greets under another name than its key shows', async () => {
    // Beta has gamma's key, and says truly that it is beta: to alpha that is gamma posing as beta.
    const keys = [
      testRing('alpha', 'gamma', [testKey(1)]),
      testRing('gamma', 'alpha', [testKey(1)]),
    ] as const;
    systems = await TwoSystems.begin({ transport: 'tls', keys });
    assert.match(
      await lineOf(systems.alpha.log, 'handshake refused'),
      /gamma, by its key, says that it is beta/,
    );
    assert.match(await lineOf(systems.beta.log, 'no link yet'), /refused by the partner: gamma, by its key/);
    assert.equal(systems.alpha.interconnect.isUp('beta'), false);
  });

  it('is not resumed: every caller shows its key', async () => {
    systems = await TwoSystems.start({ transport: 'tls' });
    const { address } = systems;
    assert(address.transport === 'tls');
    const { host, port } = address;
    const only = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const;
    const { id, secret } = testKey(1);
    const first = connectTls({
      host,
      port,
      ...only,
      pskCallback: () => ({ identity: `beta/${id}`, psk: secret }),
    });
    const [session] = await once(first, 'session');
    first.destroy();
    const again = connectTls({ host, port, ...only, session, rejectUnauthorized: false });
    again.on('error', () => undefined);
    await once(again, 'close');
    const said = () => systems.alpha.log.lines.some((line) => line.includes('it has resumed a session'));
    while (!said()) await systems.alpha.log.next(TURNED_AWAY);
    await serves();
  });

  it('is refused to one that speaks no TLS, and the system goes on', async () => {
    systems = await TwoSystems.start({ transport: 'tls' });
    const { address } = systems;
    assert(address.transport === 'tls');
    const turnedAway = systems.alpha.log.next(TURNED_AWAY);
    const socket = connect(address.port, address.host).on('error', () => undefined);
    socket.write('XPTH: nothing of this is a handshake of any kind');
    await turnedAway;
    socket.destroy();
    assert.match(await lineOf(systems.alpha.log, TURNED_AWAY), /it has offered no key/);
    await serves();
  });

  it('is made with the newest key that both have, in whatever order the new ones are copied', async () => {
    const [older, newer] = [testKey(1), testKey(2)];
    for (const keys of [
      sharedKeys([newer, older], [older]),
      sharedKeys([older], [newer, older]),
      sharedKeys([newer, older]),
    ]) {
      systems = await TwoSystems.start({ transport: 'tls', keys });
      await serves();
      if (keys[0].current().length + keys[1].current().length < 4) await systems.stop();
    }
  });

  it('does not end when its key goes, and the next one is made with the new key', async () => {
    let keys = [testKey(1)];
    const ring = (self: string, partner: string) => ({
      self,
      current: () => keys.map((key) => ({ ...key, partner })),
    });
    systems = await TwoSystems.start({
      transport: 'tls',
      keys: [ring('alpha', 'beta'), ring('beta', 'alpha')],
    });
    keys = [testKey(2)];
    await serves();
    const up = systems.linkUp();
    await systems.cutLink();
    await up;
  });

  it('loses no command of a client that writes while keys are renewed, twice, and links are made with the new ones', async () => {
    const rings = { alpha: [testKey(1)], beta: [testKey(1)] };
    const ring = (self: 'alpha' | 'beta', partner: string) => ({
      self,
      current: () => rings[self].map((key) => ({ ...key, partner })),
    });
    systems = await TwoSystems.start({
      transport: 'tls',
      furtherLinks: ['tls'],
      keys: [ring('alpha', 'beta'), ring('beta', 'alpha')],
    });
    const clients = new Clients(systems);
    const writer = await clients.join('writer');
    const place = await clients.linkOf(writer);
    const links = () => systems.beta.interconnect.partners[0]?.slots.map(({ link }) => link);
    const generation = links()?.[place]?.terms.generation;
    let isOver = false;
    let written = 0;
    let before = 0;
    const writing = (async () => {
      while (!isOver) {
        const number = written % 64;
        const { status } = await clients.write(writer, number, number).run(systems.proxied);
        assert.equal(status, 0);
        written++;
      }
    })();
    const whileItWrites = async () => {
      before = written;
      const up = systems.linkUp();
      await systems.cutLink(1 - place);
      await up;
      while (written < before + 10) await new Promise((resolve) => setImmediate(resolve));
    };
    for (const newest of [2, 3]) {
      // As the file is copied: to one host, then to the other; of the old keys the newest stays.
      for (const host of ['beta', 'alpha'] as const) {
        rings[host] = [testKey(newest), testKey(newest - 1)];
        await whileItWrites();
      }
    }
    isOver = true;
    await writing;
    assert.equal(links()?.[place]?.terms.generation, generation, 'its link was not touched');
    for (let number = 0; number < Math.min(written, 64); number++) {
      const { data } = await clients.read(writer, number).run(systems.proxied);
      assert.deepEqual(data, pattern(4096, number));
    }
    // Now its own link: it is made again with a key that was not there when the client began.
    const up = systems.linkUp();
    await systems.cutLink(place);
    await up;
    await serves();
  });
});

it('a caller that is shown a stranger’s TLS server, or none, makes no link', async (t) => {
  const server = createServer((socket) =>
    socket.on('error', () => undefined).end('no TLS here, and no key either'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const bound = server.address();
  assert(bound !== null && typeof bound === 'object');
  const address: Address = { transport: 'tls', host: '127.0.0.1', port: bound.port, system: 'alpha' };
  const { network } = nodeEnv({ keys: testRing('beta', 'alpha', [testKey(1), testKey(2)]) });
  const reason = await new Promise<string>((resolve) => {
    network.connect(address, () => assert.fail('connected'), resolve);
  });
  assert.match(reason, /alpha has not taken key 0{15}1 .*; alpha has not taken key 0{15}2/);
});
