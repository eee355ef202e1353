/** EXTENDED COPY between units of two systems, each a process of its own, as an initiator and QEMU see it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeUnitIdentity } from '../../src/scsi/make-unit-identity.ts';
import { Cluster } from '../support/cluster.ts';
import {
  copyInCdb,
  copyOutCdb,
  cscd,
  lid1List,
  populateList,
  segment,
  tokenOutCdb,
  writeTokenList,
} from '../support/copy-lists.ts';
import { qemuIo } from '../support/disk.ts';
import { Session } from '../support/session.ts';
import { linkOf } from '../support/status.ts';

const MiB = 1 << 20;
const HIDDEN = 'iqn.2026-11.dev.crosspath.test:hidden';

const cscdOf = (name: string, owner: string) =>
  cscd(makeUnitIdentity('e2e', { name, owner, blockLength: 512, byteLength: 64 * MiB }));
const list = lid1List({
  cscds: [cscdOf('vol-a', 'alpha'), cscdOf('vol-b', 'beta')],
  segments: [
    segment({ blocks: 8192, sourceLba: 0, destinationLba: 4096 }),
    segment({ blocks: 8192, sourceLba: 8192, destinationLba: 4096 + 8192 }),
  ],
});

describe('third-party copies between systems', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({
      groups: [
        { name: 'hidden', initiators: [HIDDEN], luns: { 1: 'vol-a' } },
        { name: 'others', initiators: ['*'] },
      ],
    });
  });
  after(() => cluster.end());

  for (const [through, lun] of [
    ['alpha-all', 1],
    ['beta-all', 1],
  ] as const) {
    test(`what QEMU wrote to alpha’s unit is on beta’s when ${through} was asked to copy it`, async () => {
      const byte = through === 'alpha-all' ? 0x5a : 0xa5;
      await qemuIo(cluster.disk('alpha-local', 1), `write -P ${byte} 0 8M`, 'write -P 0x77 8M 1M');
      const start = await cluster.status();
      const session = await Session.open(cluster, through);
      try {
        await session.unitAttentions(lun);
        const cdb = copyOutCdb(0, list.length);
        const { status, sense } = await session.initiator.command(lun, cdb, { dataOut: list });
        assert.deepEqual([status, sense], [0, null]);
        const told = await session.data(lun, { bytes: copyInCdb(0, 1), dataInLength: 64 });
        assert.deepEqual([...told.subarray(4)], [1, 0, 2, 0, 0, 0x80, 0, 0], '8 MiB in two segments');
      } finally {
        await session.close();
      }
      await qemuIo(
        cluster.disk('beta-local', 2),
        `read -P ${byte} 2M 8M`,
        'read -P 0 0 2M',
        'read -P 0 10M 1M',
      );
      const end = await cluster.status();
      const served = linkOf(end, 'beta').commandsServed - linkOf(start, 'beta').commandsServed;
      assert.equal(
        served > 0,
        through === 'alpha-all',
        'beta writes what alpha copies, over the interconnect',
      );
    });
  }

  test('a token of alpha’s blocks is written to beta’s unit by beta, until alpha’s change', async () => {
    await qemuIo(cluster.disk('alpha-local', 1), 'write -P 0x3c 16M 4M');
    const ranges = [{ lba: 32768, blocks: 8192 }];
    const [alpha, beta] = [await Session.open(cluster, 'alpha-all'), await Session.open(cluster, 'beta-all')];
    try {
      await alpha.unitAttentions(1);
      await beta.unitAttentions(2);
      const populate = populateList(ranges);
      const cdb = tokenOutCdb(0x10, 3, populate.length);
      assert.equal((await alpha.initiator.command(1, cdb, { dataOut: populate })).status, 0);
      const information = await alpha.data(1, { bytes: copyInCdb(7, 3), dataInLength: 1024 });
      const use = () => {
        const list = writeTokenList(information.slice(-512), [{ lba: 65536, blocks: 8192 }]);
        return beta.initiator.command(2, tokenOutCdb(0x11, 4, list.length), { dataOut: list });
      };
      assert.equal((await use()).status, 0);
      await qemuIo(cluster.disk('beta-local', 2), 'read -P 0x3c 32M 4M');
      await qemuIo(cluster.disk('alpha-local', 1), 'write -P 0x3d 18M 512');
      const { status, sense } = await use();
      assert.deepEqual([status, sense?.key, sense?.asc, sense?.ascq], [2, 5, 0x23, 0x08]);
    } finally {
      await alpha.close();
      await beta.close();
    }
  });

  test('an initiator that is not shown the destination writes nothing there', async () => {
    const session = await Session.open(cluster, 'alpha-all', HIDDEN);
    try {
      await session.unitAttentions(1);
      const { status, sense } = await session.initiator.command(1, copyOutCdb(0, list.length), {
        dataOut: list,
      });
      assert.deepEqual([status, sense?.key, sense?.asc, sense?.ascq], [2, 0x0a, 0x0d, 0x02]);
    } finally {
      await session.close();
    }
  });
});
