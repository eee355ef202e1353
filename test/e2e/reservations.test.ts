/** Reservations hold whatever path a command comes by, and through the death of the owner where APTPL asks for it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cluster } from '../support/cluster.ts';
import { Cdb, Session } from '../support/session.ts';

const LUN = 2;
const BLOCK_LENGTH = 512;
const HOST = 'iqn.2026-11.dev.crosspath.test:host';
const OTHER = 'iqn.2026-11.dev.crosspath.test:other';
const Action = { register: 0, reserve: 1, preemptAndAbort: 5 } as const;
const EXCLUSIVE_ACCESS = 3;
const APTPL = 0x01;
const ALL_TG_PT = 0x04;

interface Fields {
  readonly key?: number;
  readonly newKey?: number;
  readonly type?: number;
  readonly flags?: number;
}

/** Gives the status. */
async function reserveOut(session: Session, action: number, fields: Fields): Promise<number> {
  const { key = 0, newKey = 0, type = 0, flags = 0 } = fields;
  const dataOut = new Uint8Array(24);
  [dataOut[7], dataOut[15], dataOut[20]] = [key, newKey, flags];
  const cdb = Uint8Array.of(0x5f, action, type, 0, 0, 0, 0, 0, dataOut.length, 0);
  return (await session.initiator.command(LUN, cdb, { dataOut })).status;
}

/** The last byte of each key. */
async function keys(session: Session): Promise<number[]> {
  const bytes = Uint8Array.of(0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0);
  const data = await session.data(LUN, { bytes, dataInLength: 256 });
  return Array.from({ length: (data[7] ?? 0) / 8 }, (_, index) => data[15 + 8 * index] ?? 0);
}

async function write(session: Session): Promise<number> {
  const dataOut = new Uint8Array(BLOCK_LENGTH).fill(0x77);
  return (await session.initiator.command(LUN, Cdb.write10(0, 1).bytes, { dataOut })).status;
}

async function open(cluster: Cluster, port: string, host: string): Promise<Session> {
  const session = await Session.open(cluster, port, host);
  await session.unitAttentions(LUN);
  return session;
}

describe('persistent reservations in a cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  test('the direct and the proxied path see the same, and one fences the other', async () => {
    const direct = await open(cluster, 'beta-local', HOST);
    const proxied = await open(cluster, 'alpha-proxy', OTHER);
    assert.equal(await reserveOut(direct, Action.register, { newKey: 1 }), Status.good);
    assert.equal(await reserveOut(proxied, Action.register, { newKey: 2 }), Status.good);
    for (const session of [direct, proxied]) assert.deepEqual(await keys(session), [1, 2]);
    const reserving = { key: 2, type: EXCLUSIVE_ACCESS };
    assert.equal(await reserveOut(proxied, Action.reserve, reserving), Status.good);
    assert.equal(await write(direct), Status.reservationConflict);
    assert.equal(await write(proxied), Status.good);
    const preempting = { key: 1, newKey: 2, type: EXCLUSIVE_ACCESS };
    assert.equal(await reserveOut(direct, Action.preemptAndAbort, preempting), Status.good);
    assert.equal(await write(proxied), Status.reservationConflict);
    assert.deepEqual(
      (await proxied.unitAttentions(LUN)).map(({ asc, ascq }) => [asc, ascq]),
      [[0x2a, 0x05]],
    );
    assert.equal(await write(direct), Status.good);
    assert.equal(await reserveOut(direct, Action.register, { key: 1 }), Status.good);
    await Promise.all([direct.close(), proxied.close()]);
  });

  test('ALL_TG_PT registers a host at every port that shows the unit, on the other system too', async () => {
    const direct = await open(cluster, 'beta-local', HOST);
    const registering = { newKey: 5, flags: ALL_TG_PT };
    assert.equal(await reserveOut(direct, Action.register, registering), Status.good);
    // beta-local, beta-all, alpha-proxy, alpha-shared, alpha-all.
    assert.deepEqual(await keys(direct), [5, 5, 5, 5, 5]);
    const proxied = await open(cluster, 'alpha-proxy', HOST);
    const reserving = { key: 5, type: EXCLUSIVE_ACCESS };
    assert.equal(await reserveOut(proxied, Action.reserve, reserving), Status.good);
    assert.equal(await reserveOut(direct, Action.register, { key: 5, flags: ALL_TG_PT }), Status.good);
    assert.deepEqual(await keys(direct), []);
    assert.equal(await write(direct), Status.good);
    await Promise.all([direct.close(), proxied.close()]);
  });

  for (const flags of [APTPL, 0]) {
    const kept = flags === APTPL;
    test(`a reservation ${kept ? 'with APTPL survives' : 'without APTPL goes with'} kill -9 of every process`, async () => {
      const host = await open(cluster, 'alpha-proxy', HOST);
      assert.equal(await reserveOut(host, Action.register, { newKey: 7, flags }), Status.good);
      const reserving = { key: 7, type: EXCLUSIVE_ACCESS };
      assert.equal(await reserveOut(host, Action.reserve, reserving), Status.good);
      await Promise.all([cluster.system('alpha').kill(), cluster.system('beta').kill()]);
      await host.abandon();
      await cluster.startSystem('beta');
      await cluster.startSystem('alpha');
      await cluster.untilLinked();
      const other = await open(cluster, 'beta-local', OTHER);
      assert.equal(await write(other), kept ? Status.reservationConflict : Status.good);
      assert.deepEqual(await keys(other), kept ? [7] : []);
      const back = await open(cluster, 'alpha-proxy', HOST);
      assert.equal(await write(back), Status.good);
      const leaving = kept ? Status.good : Status.reservationConflict;
      assert.equal(await reserveOut(back, Action.register, { key: 7, flags }), leaving);
      assert.equal(await write(other), Status.good);
      await Promise.all([other.close(), back.close()]);
    });
  }
});
