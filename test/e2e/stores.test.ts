/** Issue 2, point 8: files and block devices, with truthful caching, flushes that hold, and holes that free space. */
import assert from 'node:assert/strict';
import { mkdtemp, open, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo, tryQemuIo, urlOf } from '../support/disk.ts';
import { Session } from '../support/session.ts';
import { tool } from '../support/tools.ts';

const MiB = 1 << 20;
/** DATA PROTECT, SPACE ALLOCATION FAILED WRITE PROTECT (SBC-3 4.7). */
const SPACE_ALLOCATION_FAILED = { key: 7, asc: 0x27, ascq: 0x07, information: null };

async function allocatedBytes(file: string): Promise<number> {
  return (await stat(file)).blocks * 512;
}

for (const port of ['beta-local', 'alpha-proxy']) {
  describe(`a file behind ${port}`, () => {
    let cluster: Cluster;
    let file: string;
    before(async () => {
      cluster = await Cluster.start();
      file = cluster.storePath('vol-b');
    });
    after(() => cluster.end());

    test('is made sparse, with the size of the configuration', async () => {
      assert.equal((await stat(file)).size, 64 * MiB);
      assert((await allocatedBytes(file)) < MiB);
      const capacity = await tool('iscsi-readcapacity16', urlOf(cluster.disk(port, 2)));
      assert.match(capacity, new RegExp(`Total size:${64 * MiB}\\b`));
      assert.match(capacity, /LBPME:1 LBPRZ:1/);
    });

    test('UNMAP punches holes that read as zeroes', async () => {
      const disk = cluster.disk(port, 2);
      await qemuIo(disk, 'write -P 0x61 0 32M', 'flush');
      const full = await allocatedBytes(file);
      assert(full >= 32 * MiB);
      await qemuIo(disk, 'discard 4M 16M', 'flush');
      assert((await allocatedBytes(file)) <= full - 16 * MiB);
      await qemuIo(disk, 'read -P 0x61 0 4M', 'read -P 0 4M 16M', 'read -P 0x61 20M 12M');
    });

    test('WRITE SAME of zeroes that may unmap punches holes, too', async () => {
      const disk = cluster.disk(port, 2);
      await qemuIo(disk, 'write -P 0x62 0 32M', 'flush');
      const full = await allocatedBytes(file);
      await qemuIo(disk, 'write -z -u 8M 8M', 'flush');
      assert((await allocatedBytes(file)) <= full - 8 * MiB);
      await qemuIo(disk, 'read -P 0x62 0 8M', 'read -P 0 8M 8M', 'read -P 0x62 16M 16M');
    });

    test('an unaligned range of zeroes leaves its neighbours alone', async () => {
      const disk = cluster.disk(port, 2);
      await qemuIo(disk, 'write -P 0x63 0 1M', 'write -z 4608 1536', 'discard 66048 5120');
      await qemuIo(disk, 'read -P 0x63 0 4608', 'read -P 0 4608 1536', 'read -P 0x63 6144 59904');
      await qemuIo(disk, 'read -P 0x63 71168 64k');
    });

    test('what a flush or a FUA write acknowledged survives kill -9 of every process', async () => {
      const disk = cluster.disk(port, 2);
      await qemuIo(disk, 'write -P 0x64 0 8M', 'flush', 'write -f -P 0x65 8M 1M', 'write -f -P 0x66 9M 512');
      await Promise.all([cluster.system('alpha').kill(), cluster.system('beta').kill()]);
      await cluster.startSystem('alpha');
      await cluster.startSystem('beta');
      await cluster.untilLinked();
      await qemuIo(disk, 'read -P 0x64 0 8M', 'read -P 0x65 8M 1M', 'read -P 0x66 9M 512');
    });
  });
}

describe('a block device', () => {
  let folder: string;
  let device: string;
  let cluster: Cluster;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'crosspath-device-'));
    const file = path.join(folder, 'disk');
    await (await open(file, 'w')).close();
    await truncate(file, 64 * MiB);
    device = (await tool('losetup', '--find', '--show', file)).trim();
    cluster = await Cluster.start({
      units: [{ name: 'vol-b', owner: 'beta', lun: 2, size: '64MiB', store: { device } }],
    });
  });
  after(async () => {
    await cluster?.end();
    if (device !== undefined) await tool('losetup', '--detach', device);
    await rm(folder, { recursive: true });
  });

  test('is written through a proxy, flushed, and read by others', async () => {
    await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x71 0 4M', 'flush');
    await qemuIo(cluster.disk('beta-local', 2), 'read -P 0x71 0 4M');
    const handle = await open(path.join(folder, 'disk'));
    const bytes = Buffer.alloc(MiB);
    await handle.read(bytes, 0, MiB, 3 * MiB);
    await handle.close();
    assert(bytes.equals(Buffer.alloc(MiB, 0x71)), 'the flushed bytes are on the medium');
  });

  test('is unmapped, and reads as zeroes', async () => {
    const disk = cluster.disk('alpha-proxy', 2);
    await qemuIo(disk, 'write -P 0x72 0 8M', 'flush', 'write -z -u 0 4M', 'flush');
    await qemuIo(disk, 'read -P 0 0 4M', 'read -P 0x72 4M 4M');
  });
});

describe('a file system that is full', () => {
  let folder: string;
  let cluster: Cluster;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'crosspath-full-'));
    await tool('mount', '-t', 'tmpfs', '-o', 'size=8M', 'tmpfs', folder);
    cluster = await Cluster.start({
      units: [
        { name: 'vol-a', owner: 'beta', lun: 1, size: '64MiB' },
        { name: 'vol-b', owner: 'beta', lun: 2, size: '64MiB', store: { file: path.join(folder, 'thin') } },
      ],
    });
  });
  after(async () => {
    await cluster?.end();
    await tool('umount', folder);
    await rm(folder, { recursive: true });
  });

  for (const port of ['beta-local', 'alpha-proxy']) {
    test(`fails the command through ${port} and nothing else`, async () => {
      const disk = cluster.disk(port, 2);
      await qemuIo(disk, 'write -P 0x73 0 1M');
      const end = await tryQemuIo(disk, ['write -P 0x74 16M 16M']);
      assert.notEqual(end.code, 0);
      assert.match(`${end.out}${end.err}`, /write failed/);
      const session = await Session.open(cluster, port);
      await session.unitAttentions(2);
      const { sense } = await session.startWrite(2, 60_000, 8192, 0x79).result;
      await session.close();
      assert.deepEqual(sense, SPACE_ALLOCATION_FAILED);
      await qemuIo(disk, 'read -P 0x73 0 1M', 'write -P 0x75 0 1M', 'read -P 0x75 0 1M');
      await qemuIo(cluster.disk(port, 1), 'write -P 0x76 0 1M', 'read -P 0x76 0 1M');
      await qemuIo(disk, 'discard 16M 16M');
      await qemuIo(disk, 'write -P 0x77 32M 4M', 'read -P 0x77 32M 4M', 'discard 32M 4M');
    });
  }
});
