/** `crosspath reload` grows units while they are used, and says what it can't do. */
import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { u64 } from '../../src/wire/scsi/bytes.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { crosspath } from '../cli/run-cli.ts';
import { Cluster } from '../support/cluster.ts';
import { type Cdb, Session } from '../support/session.ts';

const LUN = 2;
const MIB = 1 << 20;
const readCapacity: Cdb = {
  bytes: Uint8Array.of(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
  dataInLength: 32,
};

async function sizeOf(session: Session): Promise<number> {
  return (u64(await session.data(LUN, readCapacity), 0) + 1) * 512;
}

/** The unit attentions, once there is one. */
async function told(session: Session): Promise<number[][]> {
  for (;;) {
    const attentions = await session.unitAttentions(LUN);
    if (attentions.length > 0) return attentions.map(({ asc, ascq }) => [asc, ascq]);
  }
}

/** Gives vol-b, the second unit, another size in the file. */
function sized(size: string): (text: string) => string {
  return (text) => text.replace(/(name = "vol-b"[\s\S]*?size = )"[^"]*"/, `$1"${size}"`);
}

describe('crosspath reload', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  test('changes nothing where nothing has changed', async () => {
    const { code, out } = await crosspath('reload', cluster.file);
    assert.deepEqual([code, out], [0, 'alpha: nothing to change\nbeta: nothing to change\n']);
  });

  test('grows a unit under its initiators on both paths, and the size outlives the owner', async () => {
    const direct = await Session.open(cluster, 'beta-local');
    const proxied = await Session.open(cluster, 'alpha-proxy');
    for (const session of [direct, proxied]) await session.unitAttentions(LUN);
    await cluster.editConfig(sized('96MiB'));
    const { code, out } = await crosspath('reload', cluster.file);
    assert.deepEqual(
      [code, out],
      [0, 'alpha: nothing to change\nbeta: unit vol-b has grown from 64MiB to 96MiB\n'],
    );
    for (const session of [direct, proxied]) {
      assert.deepEqual(await told(session), [[0x2a, 0x09]]);
      assert.equal(await sizeOf(session), 96 * MIB);
    }
    assert.equal((await stat(cluster.storePath('vol-b'))).size, 96 * MIB);
    const status = await cluster.status();
    assert.equal(status.units.find(({ name }) => name === 'vol-b')?.size, 96 * MIB);
    // At the very end; blocks of this address do not fit the short form of Cdb.write10.
    const last = (96 * MIB) / 512 - 1;
    const at = [0, 0, last >> 16, last >> 8, last].map((byte) => byte & 0xff);
    const dataOut = new Uint8Array(512).fill(0x42);
    const write = Uint8Array.of(0x2a, ...at, 0, 0, 1, 0);
    assert.equal((await proxied.initiator.command(LUN, write, { dataOut })).status, Status.good);
    const read = { bytes: Uint8Array.of(0x28, ...at, 0, 0, 1, 0), dataInLength: 512 };
    assert.deepEqual(await direct.data(LUN, read), dataOut);
    await cluster.system('beta').kill();
    await direct.abandon();
    await cluster.startSystem('beta');
    await cluster.untilLinked();
    const again = await Session.open(cluster, 'beta-local');
    await again.unitAttentions(LUN);
    assert.equal(await sizeOf(again), 96 * MIB);
    assert.deepEqual(await again.data(LUN, read), dataOut);
    await Promise.all([again.close(), proxied.close()]);
  });

  test('says what it does not do: shrink, other changes, a file with a mistake, a system that is down', async () => {
    await cluster.editConfig(sized('32MiB'));
    const smaller = await crosspath('reload', cluster.file);
    assert.equal(smaller.code, 1);
    assert.match(smaller.out, /beta: unit "vol-b" has 96MiB, and 32MiB in the file: a unit does not shrink/);
    await cluster.editConfig(sized('96MiB'));
    await cluster.editConfig((text) => text.replace('lun = 2', 'lun = 3'));
    const other = await crosspath('reload', cluster.file);
    assert.equal(other.code, 1);
    assert.match(other.out, /alpha: more has changed .* takes a restart\nbeta: more has changed/);
    await cluster.editConfig((text) => text.replace('lun = 3', 'lun = 2'));
    await cluster.system('alpha').kill();
    const down = await crosspath('reload', cluster.file);
    assert.equal(down.code, 2);
    assert.match(down.out, /alpha: does not answer \(.*\)\nbeta: nothing to change/);
  });
});
