/** A thin unit whose file system fills: its initiators are warned on every path, and then told that there is no space. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { u32 } from '../../src/wire/scsi/bytes.ts';
import { Status } from '../../src/wire/scsi/status.ts';
import { smallFileSystem } from '../stores/temporary.ts';
import { Cluster } from '../support/cluster.ts';
import { Session } from '../support/session.ts';

const LUN = 1;
const MIB = 1 << 20;
const BLOCKS_PER_MIB = MIB / 512;

describe('a thin unit on a small file system', () => {
  let cluster: Cluster;
  let unmount = () => {};
  before(async () => {
    const folder = smallFileSystem((undo) => {
      unmount = undo;
    }, 16 * MIB);
    const store = { file: path.join(folder, 'thin.img') };
    const unit = { name: 'thin', owner: 'beta', lun: LUN, size: '64MiB', store, lowSpace: '8MiB' } as const;
    cluster = await Cluster.start({ units: [unit] });
  });
  after(async () => {
    await cluster.end();
    unmount();
  });

  test('warns once on every path, tells what is left, and refuses what has no room', async () => {
    const sessions = [await Session.open(cluster, 'beta-local'), await Session.open(cluster, 'alpha-proxy')];
    const [direct, proxied] = sessions;
    assert(direct !== undefined && proxied !== undefined);
    for (const session of sessions) await session.unitAttentions(LUN);
    for (let at = 0; at < 10; at += 1) await write(proxied, at);
    assert.deepEqual(await resources(direct), [6, 10]);
    for (const session of sessions) {
      let told = await session.unitAttentions(LUN);
      while (told.length === 0) told = await session.unitAttentions(LUN);
      assert.deepEqual(
        told.map(({ key, asc, ascq }) => [key, asc, ascq]),
        [[6, 0x38, 0x07]],
      );
    }
    for (let at = 10; at < 16; at += 1) await write(direct, at);
    for (const session of sessions) {
      const { status, sense } = await session.startWrite(LUN, 16 * BLOCKS_PER_MIB, BLOCKS_PER_MIB, 1).result;
      assert.equal(status, Status.checkCondition);
      assert.deepEqual([sense?.key, sense?.asc, sense?.ascq], [7, 0x27, 0x07]);
      // What has its space is written as before.
      await write(session, 0);
      assert.deepEqual(await session.unitAttentions(LUN), []);
    }
    assert.deepEqual(await resources(proxied), [0, 16]);
    await Promise.all([direct.close(), proxied.close()]);
  });
});

async function write(session: Session, mebibyte: number): Promise<void> {
  const { status } = await session.startWrite(LUN, mebibyte * BLOCKS_PER_MIB, BLOCKS_PER_MIB, 1).result;
  assert.equal(status, Status.good);
}

/** Of LOG SENSE page 0Ch: what is free, and what the unit uses. */
async function resources(session: Session): Promise<number[]> {
  const bytes = Uint8Array.of(0x4d, 0, 0x4c, 0, 0, 0, 0, 0, 255, 0);
  const page = await session.data(LUN, { bytes, dataInLength: 255 });
  return [u32(page, 8), u32(page, 20)];
}
