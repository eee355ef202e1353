/** Issue 2, point 6: an initiator's own map decides which unit a LUN is, before anything is forwarded. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Status } from '../../src/wire/scsi/status.ts';
import { Cluster } from '../support/cluster.ts';
import { qemuIo, tryQemuIo } from '../support/disk.ts';
import { Cdb, Session } from '../support/session.ts';
import { linkOf } from '../support/status.ts';
import { tool } from '../support/tools.ts';

const HOST_1 = 'iqn.2026-11.dev.crosspath.test:host1';
const HOST_2 = 'iqn.2026-11.dev.crosspath.test:host2';

describe('LUN maps', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({
      units: [
        { name: 'vol-a', owner: 'alpha', lun: 1, size: '16MiB' },
        { name: 'vol-b', owner: 'beta', lun: 2, size: '32MiB' },
        { name: 'vol-c', owner: 'beta', lun: 3, size: '48MiB' },
      ],
      groups: [
        { name: 'one', initiators: [HOST_1], luns: { 0: 'vol-b' } },
        { name: 'two', initiators: [HOST_2], luns: { 0: 'vol-c', 7: 'vol-b' } },
        { name: 'others', initiators: ['*'] },
      ],
    });
  });
  after(() => cluster.end());

  test('the same LUN is another unit for another initiator, through a proxy port too', async () => {
    await qemuIo(cluster.disk('alpha-proxy', 0, HOST_1), 'write -P 0x41 0 64k');
    await qemuIo(cluster.disk('alpha-proxy', 0, HOST_2), 'write -P 0x42 0 64k');
    await qemuIo(cluster.disk('alpha-proxy', 7, HOST_2), 'read -P 0x41 0 64k');
    await qemuIo(cluster.disk('beta-local', 2), 'read -P 0x41 0 64k');
    await qemuIo(cluster.disk('beta-local', 3), 'read -P 0x42 0 64k');
  });

  test('an initiator finds the units of its own map, and the same ones through every system', async () => {
    for (const port of ['alpha-all', 'beta-all']) {
      assert.deepEqual(await disksOf(port, HOST_1), ['0 31M']);
      assert.deepEqual(await disksOf(port, HOST_2), ['0 47M', '7 31M']);
      assert.deepEqual(await disksOf(port), ['1 15M', '2 31M', '3 47M']);
    }
  });

  test('a LUN that is not in the map is refused where it arrives, and nothing is forwarded', async () => {
    const before = linkOf(await cluster.status(), 'alpha').commandsForwarded;
    for (const lun of [1, 2, 3]) {
      const end = await tryQemuIo(cluster.disk('alpha-proxy', lun, HOST_1), ['write -P 0x43 0 64k']);
      assert.notEqual(end.code, 0, `LUN ${lun}`);
    }
    assert.equal(linkOf(await cluster.status(), 'alpha').commandsForwarded, before);
    await qemuIo(cluster.disk('beta-local', 3), 'read -P 0x42 0 64k');
  });

  test('INQUIRY, REPORT LUNS and REPORT TARGET PORT GROUPS are answered where they arrive', async () => {
    const session = await Session.open(cluster, 'alpha-proxy', HOST_1);
    await session.unitAttentions(0);
    const before = linkOf(await cluster.status(), 'alpha').commandsForwarded;
    for (const cdb of [Cdb.inquiry, Cdb.reportLuns, Cdb.reportTargetPortGroups]) {
      assert.equal((await session.run(0, cdb)).status, Status.good);
    }
    assert.equal(linkOf(await cluster.status(), 'alpha').commandsForwarded, before);
    await session.run(0, Cdb.testUnitReady);
    assert.equal(linkOf(await cluster.status(), 'alpha').commandsForwarded, before + 1);
    await session.close();
  });

  /** "LUN size" of each disk that an initiator finds; iscsi-ls shows the place of the last block, in whole MiB. */
  async function disksOf(port: string, initiator?: string): Promise<string[]> {
    const named = initiator === undefined ? [] : ['-i', initiator];
    const { portal, targetName } = cluster.disk(port, 0);
    const listed = await tool('iscsi-ls', ...named, '-s', `iscsi://${portal}`);
    const own = listed.split(/^Target:/m).find((part) => part.startsWith(`${targetName} Portal:${portal},`));
    const disks = (own ?? '').matchAll(/^Lun:(\d+) +Type:DIRECT_ACCESS \(Size:(\w+)\)/gm);
    return [...disks].map(([, lun, size]) => `${lun} ${size}`);
  }
});
