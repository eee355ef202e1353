/** What a unit says of itself is the same through every port of every system, and outlives them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { Cdb, Session } from '../support/session.ts';

/** Of beta. */
const LUN = 2;
const ports = ['alpha-proxy', 'alpha-shared', 'alpha-all', 'beta-local', 'beta-all'] as const;
const REPORT = { bytes: Uint8Array.of(0xa3, 5, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0), dataInLength: 256 };

describe('what a unit says of itself', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  async function open(port: string): Promise<Session> {
    const session = await Session.open(cluster, port);
    await session.unitAttentions(LUN);
    return session;
  }

  test('SCSI Ports is one list through every port, with each of them in it', async () => {
    const pages = new Map<string, string>();
    for (const port of ports) {
      const session = await open(port);
      pages.set(port, Buffer.from(await session.data(LUN, Cdb.vpd(0x88))).toString('latin1'));
      await session.close();
    }
    const [first] = pages.values();
    assert.deepEqual(new Set(pages.values()), new Set([first]));
    for (const port of ports) {
      const { targetName } = cluster.port(port);
      assert.match(first ?? '', new RegExp(`${targetName},t,0x[0-9a-f]{4}\0`), port);
    }
    assert.doesNotMatch(
      first ?? '',
      new RegExp(cluster.port('alpha-local').targetName),
      'which does not show it',
    );
  });

  test('identifying information that one path set survives kill -9 of every process, and is read by each', async () => {
    const session = await open('alpha-proxy');
    const dataOut = Uint8Array.from({ length: 64 }, (_, index) => index * 3);
    const setting = Uint8Array.of(0xa4, 6, 0, 0, 0, 0, 0, 0, 0, dataOut.length, 0, 0);
    assert.equal((await session.initiator.command(LUN, setting, { dataOut })).status, 0);
    await Promise.all([cluster.system('alpha').kill(), cluster.system('beta').kill()]);
    await session.abandon();
    await cluster.startSystem('beta');
    await cluster.startSystem('alpha');
    await cluster.untilLinked();
    for (const port of ['alpha-proxy', 'beta-local']) {
      const back = await open(port);
      assert.deepEqual((await back.data(LUN, REPORT)).slice(4), dataOut);
      await back.close();
    }
  });
});
