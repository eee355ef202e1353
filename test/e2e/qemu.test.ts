/** QEMU's tools as a client, through every kind of port: images go in and out whole, whatever commands QEMU makes of them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { type Disk, imageOptions, qemuIo } from '../support/disk.ts';
import { countersOf, portOf } from '../support/status.ts';
import { tool } from '../support/tools.ts';

const MiB = 1 << 20;
const SIZE = 16 * MiB;
const units = [
  { name: 'vol-a', owner: 'alpha', lun: 1, size: '16MiB' },
  { name: 'vol-b', owner: 'beta', lun: 2, size: '16MiB' },
] as const;

/** Alpha's ports; and the port of the unit's owner, where what was written has to be found. */
const ways = [
  { what: 'a local port', port: 'alpha-local', lun: 1, unit: 'vol-a', owners: 'alpha-all' },
  { what: 'a physical proxy port', port: 'alpha-proxy', lun: 2, unit: 'vol-b', owners: 'beta-local' },
  { what: 'a virtual proxy port', port: 'alpha-shared', lun: 2, unit: 'vol-b', owners: 'beta-local' },
  {
    what: 'the single image, a unit of its own',
    port: 'alpha-all',
    lun: 1,
    unit: 'vol-a',
    owners: 'alpha-local',
  },
  {
    what: 'the single image, a unit of the other',
    port: 'alpha-all',
    lun: 2,
    unit: 'vol-b',
    owners: 'beta-all',
  },
] as const;

describe('QEMU', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({ units });
  });
  after(() => cluster.end());

  for (const [place, { what, port, lun, unit, owners }] of ways.entries()) {
    describe(`through ${what}`, () => {
      const disk = (): Disk => cluster.disk(port, lun);
      const direct = (): Disk => cluster.disk(owners, lun);

      test('qemu-img convert: an image with holes goes in, is found at the owner, and comes out the same', async () => {
        const image = imageWithHoles();
        const [source, copy] = [`in-${place}.raw`, `out-${place}.raw`].map((name) =>
          path.join(cluster.folder, name),
        );
        assert(source !== undefined && copy !== undefined);
        await writeFile(source, image);
        await tool(
          'qemu-img',
          'convert',
          '-n',
          '-f',
          'raw',
          '--target-image-opts',
          source,
          imageOptions(disk()),
        );
        await tool('qemu-img', 'convert', '-O', 'raw', '--image-opts', imageOptions(direct()), copy);
        assert.ok((await readFile(copy)).equals(image));
      });

      test('qemu-img compare: finds the image the same, and one byte that is not', async () => {
        const source = path.join(cluster.folder, `in-${place}.raw`);
        const file = `driver=raw,file.driver=file,file.filename=${source}`;
        await tool('qemu-img', 'compare', '--image-opts', file, imageOptions(disk()));
        const changed = Buffer.from(await readFile(source));
        changed[5 * MiB] = (changed[5 * MiB] ?? 0) ^ 1;
        await writeFile(source, changed);
        await assert.rejects(
          tool('qemu-img', 'compare', '--image-opts', file, imageOptions(disk())),
          /mismatch|differ/i,
        );
      });

      test('qemu-img bench: every command of many at a time is answered', async () => {
        const options = ['-d', '32', '-s', '16384', '-c', '500', '--image-opts'];
        await tool('qemu-img', 'bench', '-w', '--flush-interval', '100', ...options, imageOptions(disk()));
        await tool('qemu-img', 'bench', ...options, imageOptions(disk()));
        const { commandsReceived, responsesSent } = portOf(await cluster.status(), port);
        assert.equal(commandsReceived, responsesSent);
      });

      test('qemu-io: patterns, vectors, many at a time, zeroes and discards are what every path reads', async () => {
        const byte = `0x${(0x41 + place).toString(16)}`;
        await qemuIo(
          disk(),
          `write -P ${byte} 0 4M`,
          // Neither as long as a block, nor at the beginning of one.
          'write -P 0x21 1000 3000',
          'writev -P 0x22 1M 512 4k 64k 1536',
          'aio_write -P 0x23 2M 256k',
          'aio_write -P 0x24 2304k 256k',
          'aio_flush',
          'write -z 3M 128k',
          'write -z -u 3200k 128k',
          'write -f -P 0x25 3500k 4k',
          'discard 3600k 64k',
          'flush',
        );
        const reads = [
          `read -P ${byte} 0 1000`,
          'read -P 0x21 1000 3000',
          `read -P ${byte} 4000 1044576`,
          'readv -P 0x22 1M 512 4k 64k 1536',
          'read -P 0x23 2M 256k',
          'read -P 0x24 2304k 256k',
          'read -P 0 3M 128k',
          'read -P 0 3200k 128k',
          'read -P 0x25 3500k 4k',
          'read -P 0 3600k 64k',
          `read -P ${byte} 3700k 300k`,
        ];
        await qemuIo(disk(), ...reads);
        await qemuIo(direct(), ...reads);
      });

      test('and its commands went the way that the port says', async () => {
        const { commandsDirect, commandsProxied } = countersOf(await cluster.status(), unit, port);
        assert.equal(commandsDirect > 0, unit === 'vol-a');
        assert.equal(commandsProxied > 0, unit === 'vol-b');
      });
    });
  }
});

/** Data, zeroes that are written, and more data: by MiB. */
function imageWithHoles(): Buffer {
  const image = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE; at += 2 * MiB) image.set(randomBytes(MiB), at);
  image.set(randomBytes(777), SIZE - 1000);
  return image;
}
