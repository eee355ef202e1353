/** Mode pages are one set for all paths, and what is saved survives the death of the owner. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cluster } from '../support/cluster.ts';
import { Cdb, Session } from '../support/session.ts';

const LUN = 2;
const BLOCK_LENGTH = 512;
const HOST = 'iqn.2026-11.dev.crosspath.test:host';
const OTHER = 'iqn.2026-11.dev.crosspath.test:other';
const D_SENSE = 0x04;
const SWP = 0x08;
const GLTSD = 0x02;
const SAVED = 3;
/** Response codes of current sense data: SPC-4 4.5.1. */
const FIXED = 0x70;
const DESCRIPTORS = 0x72;

async function open(cluster: Cluster, port: string, host: string): Promise<Session> {
  const session = await Session.open(cluster, port, host);
  await session.unitAttentions(LUN);
  return session;
}

/** MODE SELECT (6) of the control mode page, with SP. */
async function setControl(session: Session, bits: { sense?: number; protect?: number }): Promise<void> {
  const page = [0x0a, 0x0a, GLTSD | (bits.sense ?? 0), 0, bits.protect ?? 0, 0, 0, 0, 0, 0, 0, 0];
  const dataOut = Uint8Array.from([0, 0, 0, 0, ...page]);
  const cdb = Uint8Array.of(0x15, 0x11, 0, 0, dataOut.length, 0);
  const { status } = await session.initiator.command(LUN, cdb, { dataOut });
  assert.equal(status, Status.good);
}

/** Header and control mode page. */
async function control(session: Session, which: number): Promise<Uint8Array> {
  const bytes = Uint8Array.of(0x1a, 0x08, (which << 6) | 0x0a, 0, 255, 0);
  return session.data(LUN, { bytes, dataInLength: 255 });
}

async function write(session: Session) {
  const dataOut = new Uint8Array(BLOCK_LENGTH).fill(0x77);
  return session.initiator.command(LUN, Cdb.write10(0, 1).bytes, { dataOut });
}

/** The response code of the sense data of a command that no unit knows. */
async function senseFormat(session: Session): Promise<number> {
  const { senseData } = await session.run(LUN, Cdb.vpd(0xff));
  return senseData[0] ?? 0;
}

describe('mode pages in a cluster', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  test('D_SENSE set on one path is the format of all sense data on every path, with the owner and without it', async () => {
    const direct = await open(cluster, 'beta-local', HOST);
    const proxied = await open(cluster, 'alpha-proxy', OTHER);
    for (const session of [direct, proxied]) assert.equal(await senseFormat(session), FIXED);
    await setControl(direct, { sense: D_SENSE });
    // At the owner and, what it answers itself, at the other system.
    for (const session of [direct, proxied]) assert.equal(await senseFormat(session), DESCRIPTORS);
    const { sense, senseData } = await proxied.run(LUN, Cdb.testUnitReady);
    assert.deepEqual([sense?.asc, sense?.ascq, senseData[0]], [0x2a, 0x01, DESCRIPTORS]);
    const outside = await proxied.run(LUN, {
      ...Cdb.read10(0, 1),
      bytes: Uint8Array.of(0x28, 0, 0xff, 0, 0, 0, 0, 0, 1, 0),
    });
    assert.deepEqual([outside.sense?.asc, outside.senseData[0]], [0x21, DESCRIPTORS]);
    // REQUEST SENSE goes by its own bit.
    assert.equal((await proxied.data(LUN, Cdb.requestSense))[0], FIXED);
    await cluster.system('beta').kill();
    await direct.abandon();
    for (;;) {
      const { sense: told, senseData: bytes } = await proxied.run(LUN, Cdb.testUnitReady);
      if (told === null) continue;
      assert.equal(bytes[0], DESCRIPTORS);
      if (told.key === 2) break;
    }
    await cluster.startSystem('beta');
    await cluster.untilLinked();
    assert.equal(await senseFormat(proxied), DESCRIPTORS, 'it was saved, and the new link told of it');
    await proxied.unitAttentions(LUN);
    await setControl(proxied, {});
    const again = await open(cluster, 'beta-local', HOST);
    for (const session of [again, proxied]) assert.equal(await senseFormat(session), FIXED);
    await Promise.all([again.close(), proxied.close()]);
  });

  test('what was saved through the proxy is in force after kill -9 of every process', async () => {
    const host = await open(cluster, 'alpha-proxy', HOST);
    await setControl(host, { protect: SWP });
    await Promise.all([cluster.system('alpha').kill(), cluster.system('beta').kill()]);
    await host.abandon();
    await cluster.startSystem('beta');
    await cluster.startSystem('alpha');
    await cluster.untilLinked();
    const direct = await open(cluster, 'beta-local', HOST);
    const proxied = await open(cluster, 'alpha-proxy', OTHER);
    for (const session of [direct, proxied]) {
      for (const which of [0, SAVED]) {
        const data = await control(session, which);
        assert.deepEqual([data[2], data[8]], [0x90, SWP], 'WP and DPOFUA; SWP');
      }
      const { sense } = await write(session);
      assert.deepEqual([sense?.key, sense?.asc, sense?.ascq], [7, 0x27, 0x02]);
    }
    await setControl(direct, {});
    await proxied.unitAttentions(LUN);
    for (const session of [direct, proxied]) assert.equal((await write(session)).status, Status.good);
    await Promise.all([direct.close(), proxied.close()]);
  });
});
