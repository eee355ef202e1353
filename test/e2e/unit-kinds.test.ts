/** Units that can't be written, and units of each block size, as initiators see them on both paths. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { u16, u32, u64 } from '../../src/wire/scsi/bytes.ts';
import { smallFileSystem } from '../stores/temporary.ts';
import { Cluster } from '../support/cluster.ts';
import type { UnitShape } from '../support/cluster-file.ts';
import { urlOf } from '../support/disk.ts';
import { type Cdb, Session } from '../support/session.ts';
import { runSuite } from './conformance/iscsi-test-cu.ts';

const SIZE = 64 << 20;
const size = '64MiB';
const units: readonly UnitShape[] = [
  { name: 'fixed', owner: 'beta', lun: 1, size, readOnly: true },
  { name: 'native', owner: 'beta', lun: 2, size, physicalBlock: 512 },
  { name: 'emulated', owner: 'beta', lun: 3, size },
  { name: 'large', owner: 'beta', lun: 4, size, block: 4096 },
];
const ports = ['beta-local', 'alpha-proxy'];

const readCapacity16: Cdb = {
  bytes: Uint8Array.of(0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0),
  dataInLength: 32,
};
const readCapacity10: Cdb = { bytes: Uint8Array.of(0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0), dataInLength: 8 };
const blockProvisioning: Cdb = { bytes: Uint8Array.of(0x12, 1, 0xb2, 0, 64, 0), dataInLength: 64 };
const blockLimits: Cdb = { bytes: Uint8Array.of(0x12, 1, 0xb0, 0, 64, 0), dataInLength: 64 };

describe('kinds of units', () => {
  let cluster: Cluster;
  let unmount = () => {};
  const contents = Buffer.alloc(SIZE, 'what was there before ');
  before(async () => {
    // Most file systems end long before.
    const inMemory = smallFileSystem((undo) => {
      unmount = undo;
    }, 16 << 20);
    const store = { file: path.join(inMemory, 'huge.img') };
    const huge: UnitShape = { name: 'huge', owner: 'beta', lun: 5, size: '1PiB', block: 4096, store };
    cluster = await Cluster.make({ units: [...units, huge] });
    const fixed = cluster.storePath('fixed');
    await mkdir(path.dirname(fixed), { recursive: true });
    await writeFile(fixed, contents, { mode: 0o400 });
    const [alpha, beta] = [cluster.startSystem('alpha'), cluster.startSystem('beta')];
    await Promise.all([alpha, beta]);
    await cluster.untilLinked();
  });
  after(async () => {
    await cluster.end();
    unmount();
  });

  for (const port of ports) {
    test(`libiscsi finds that a read-only unit refuses every write, through ${port}`, async () => {
      const url = urlOf(cluster.disk(port, 1));
      const outcomes = await runSuite({ url, otherUrl: url }, 'ReadOnly');
      assert.deepEqual(outcomes, [{ name: 'ReadOnly.ReadOnlySBC', verdict: 'passed', reason: '' }]);
      assert.deepEqual(await readFile(cluster.storePath('fixed')), contents);
      const unit = (await cluster.status()).units.find(({ name }) => name === 'fixed');
      assert.equal(unit?.readOnly, true);
    });

    test(`blocks of 512 bytes, of 512 bytes on 4 KiB, and of 4 KiB, through ${port}`, async () => {
      const session = await Session.open(cluster, port);
      const seen: number[][] = [];
      for (const lun of [2, 3, 4]) {
        await session.unitAttentions(lun);
        const capacity = await session.data(lun, readCapacity16);
        const limits = await session.data(lun, blockLimits);
        const provisioning = await session.data(lun, blockProvisioning);
        const exponent = (capacity[13] ?? 0) & 0x0f;
        const blocks = [u32(capacity, 8), 2 ** exponent, u64(capacity, 0) + 1];
        seen.push([...blocks, u16(limits, 6), u32(limits, 28), 2 ** (provisioning[4] ?? 0)]);
      }
      // Logical block, blocks a physical block, blocks, granularity of transfers and of UNMAP and a threshold set in blocks.
      assert.deepEqual(seen, [
        [512, 1, SIZE / 512, 1, 8, 2048],
        [512, 8, SIZE / 512, 8, 8, 2048],
        [4096, 1, SIZE / 4096, 1, 1, 256],
      ]);
      await session.close();
    });

    test(`a unit of 1 PiB is written and read at its end, through ${port}`, async () => {
      const session = await Session.open(cluster, port);
      await session.unitAttentions(5);
      const last = 2 ** 38 - 1;
      assert.equal(u64(await session.data(5, readCapacity16), 0), last);
      assert.equal(u32(await session.data(5, readCapacity10), 0), 0xffff_ffff);
      const at = [0, 0, 0, 0x3f, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 0, 0];
      const dataOut = new Uint8Array(4096).fill(ports.indexOf(port) + 1);
      const { status } = await session.initiator.command(5, Uint8Array.of(0x8a, 0, ...at), { dataOut });
      assert.equal(status, 0);
      const read = { bytes: Uint8Array.of(0x88, 0, ...at), dataInLength: 4096 };
      assert.deepEqual(await session.data(5, read), dataOut);
      await session.close();
    });
  }
});
