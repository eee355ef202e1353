/** Stores that free nothing, a device and a file: said on both paths, and refused on both what would have to free something. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileSystemWithoutHoles, loopDevice, sparseFile } from '../stores/temporary.ts';
import { Cluster } from '../support/cluster.ts';
import { qemuIo, urlOf } from '../support/disk.ts';
import { Cdb, Session } from '../support/session.ts';
import { tool } from '../support/tools.ts';
import { runSuite } from './conformance/iscsi-test-cu.ts';

const SIZE = 64 << 20;
const size = '64MiB';
const DEVICE = 1;
const FILE = 2;
const THIN = 3;
/** UNMAP of block 0. */
const UNMAP = Uint8Array.of(0x42, 0, 0, 0, 0, 0, 0, 0, 24, 0);
const UNMAP_LIST = Uint8Array.of(0, 22, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0);
const GUEST = 'iqn.2026-11.dev.crosspath.test:guest';

/** The provisioning page, and what Block Limits says of UNMAP. */
async function said(session: Session, lun: number): Promise<number[][]> {
  const provisioning = await session.data(lun, Cdb.vpd(0xb2));
  const limits = await session.data(lun, Cdb.vpd(0xb0));
  return [[...provisioning.subarray(4)], [...limits.subarray(20, 36)]];
}

describe('units that are fully provisioned', () => {
  const undos: (() => void)[] = [];
  let cluster: Cluster;
  before(async () => {
    const folder = fileSystemWithoutHoles((undo) => undos.unshift(undo));
    const device = loopDevice((undo) => undos.unshift(undo), sparseFile(folder, 'disk', SIZE));
    cluster = await Cluster.start({
      units: [
        { name: 'device', owner: 'beta', lun: DEVICE, size, store: { device } },
        { name: 'file', owner: 'beta', lun: FILE, size, store: { file: path.join(folder, 'file.img') } },
        { name: 'thin', owner: 'beta', lun: THIN, size },
      ],
    });
  });
  after(async () => {
    await cluster?.end();
    for (const undo of undos) undo();
  });

  for (const port of ['beta-local', 'alpha-proxy']) {
    test(`are told from a thin one through ${port}`, async () => {
      const session = await Session.open(cluster, port, GUEST);
      for (const lun of [DEVICE, FILE]) {
        await session.unitAttentions(lun);
        assert.deepEqual(await said(session, lun), [Array(4).fill(0), Array(16).fill(0)]);
        const { sense } = await session.initiator.command(lun, UNMAP, { dataOut: UNMAP_LIST });
        assert.deepEqual([sense?.key, sense?.asc, sense?.ascq], [5, 0x20, 0x00]);
        const capacity = await tool('iscsi-readcapacity16', urlOf(cluster.disk(port, lun)));
        assert.match(capacity, /LBPME:0 LBPRZ:0/);
      }
      await session.unitAttentions(THIN);
      const [[, commands, type] = []] = await said(session, THIN);
      assert.deepEqual([commands, type], [0xe4, 2]);
      const { status } = await session.initiator.command(THIN, UNMAP, { dataOut: UNMAP_LIST });
      assert.equal(status, 0);
      await session.close();
    });

    test(`QEMU writes zeroes there, and libiscsi finds nothing wrong, through ${port}`, async () => {
      const disk = cluster.disk(port, DEVICE);
      await qemuIo(
        disk,
        'write -P 0x71 0 8M',
        'write -z 0 4M',
        'write -z -u 4M 1M',
        'discard 6M 1M',
        'flush',
      );
      await qemuIo(disk, 'read -P 0 0 5M', 'read -P 0x71 5M 3M');
      const url = urlOf(disk);
      const verdicts = new Map<string, number>();
      for (const suite of [
        'Inquiry',
        'ReadCapacity16',
        'GetLBAStatus',
        'Unmap',
        'WriteSame10',
        'WriteSame16',
      ]) {
        for (const { name, verdict, reason } of await runSuite({ url, otherUrl: url }, suite)) {
          assert.ok(verdict === 'passed' || verdict === 'skipped', `${name}: ${verdict} ${reason}`);
          verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
        }
      }
      assert.ok((verdicts.get('passed') ?? 0) > (verdicts.get('skipped') ?? 0));
    });
  }

  test('are shown by the status, and stay what they are while their owner is away', async () => {
    const shown = async () =>
      (await cluster.status()).units.map(({ name, thinlyProvisioned }) => [name, thinlyProvisioned]);
    const expected = [
      ['device', false],
      ['file', false],
      ['thin', true],
    ];
    assert.deepEqual(await shown(), expected);
    const session = await Session.open(cluster, 'alpha-proxy', GUEST);
    for (const lun of [DEVICE, THIN]) await session.unitAttentions(lun);
    await cluster.system('beta').kill();
    assert.deepEqual(await said(session, DEVICE), [Array(4).fill(0), Array(16).fill(0)]);
    assert.deepEqual(await shown(), expected, 'by the word of alpha');
    await cluster.startSystem('beta');
    await cluster.untilLinked();
    for (const lun of [DEVICE, THIN]) {
      const attentions = await session.unitAttentions(lun);
      assert.ok(
        attentions.some(({ asc }) => asc === 0x2a),
        'of the way that was gone',
      );
      assert.ok(!attentions.some(({ asc, ascq }) => asc === 0x3f && ascq === 0x03), 'and of nothing else');
    }
    await session.close();
  });
});
