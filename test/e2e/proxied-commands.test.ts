/** Issue 2, point 1: a command that arrives at one system runs on the other, and its answer goes back the same way. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cluster, type SystemName } from '../support/cluster.ts';
import { imageOptions, qemuIo } from '../support/disk.ts';
import { countersOf, latencyOf, linkOf, portOf } from '../support/status.ts';
import { tool } from '../support/tools.ts';

const MiB = 1 << 20;
const directions: readonly { through: SystemName; owner: SystemName; unit: string; lun: number }[] = [
  { through: 'alpha', owner: 'beta', unit: 'vol-b', lun: 2 },
  { through: 'beta', owner: 'alpha', unit: 'vol-a', lun: 1 },
];

describe('commands through a proxy port', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  for (const { through, owner, unit, lun } of directions) {
    const proxy = `${through}-proxy`;

    test(`QEMU writes through ${through} what it then reads from ${owner}, which ran the commands`, async () => {
      const start = await cluster.status();
      await qemuIo(cluster.disk(proxy, lun), 'write -P 0x5a 1M 1M', 'read -P 0x5a 1M 1M', 'read -P 0 2M 16k');
      const end = await cluster.status();

      const proxied = countersOf(end, unit, proxy);
      const before = countersOf(start, unit, proxy);
      assert(proxied.commandsProxied > before.commandsProxied, 'the receiver forwarded commands');
      assert.equal(proxied.commandsDirect, 0);
      assert.equal(proxied.bytesWritten - before.bytesWritten, MiB);
      assert(proxied.bytesRead - before.bytesRead >= MiB);

      const forwarded = linkOf(end, through).commandsForwarded - linkOf(start, through).commandsForwarded;
      const served = linkOf(end, owner).commandsServed - linkOf(start, owner).commandsServed;
      assert.equal(forwarded, proxied.commandsProxied - before.commandsProxied);
      assert.equal(served, forwarded, 'the owner ran each of them once');

      const port = portOf(end, proxy);
      assert.equal(port.commandsReceived, port.responsesSent, 'and the receiver answered each');

      await qemuIo(cluster.disk(`${owner}-local`, lun), 'read -P 0x5a 1M 1M', 'read -P 0 0 1M');
    });

    test(`a disk image copied through ${through} is the same, byte for byte, when read from ${owner}`, async () => {
      const image = path.join(cluster.folder, `${unit}.raw`);
      await writeFile(image, randomBytes(64 * MiB));
      await tool(
        ...(['qemu-img', 'convert', '-n', '-f', 'raw', '--target-image-opts'] as const),
        ...[image, imageOptions(cluster.disk(proxy, lun))],
      );
      const info = ['compare', '--image-opts', `driver=raw,file.driver=file,file.filename=${image}`];
      await tool('qemu-img', ...info, imageOptions(cluster.disk(`${owner}-local`, lun)));
      await tool('qemu-img', ...info, imageOptions(cluster.disk(proxy, lun)));
    });
  }

  test('many commands at a time through a proxy port are all answered', async () => {
    const options = ['-c', '4000', '-d', '64', '-s', '4096', '--image-opts'];
    await tool('qemu-img', 'bench', '-w', ...options, imageOptions(cluster.disk('alpha-proxy', 2)));
    await tool('qemu-img', 'bench', ...options, imageOptions(cluster.disk('alpha-proxy', 2)));
    const status = await cluster.status();
    const port = portOf(status, 'alpha-proxy');
    assert.equal(port.commandsReceived, port.responsesSent);
    for (const kind of ['read', 'write'] as const) {
      const proxied = latencyOf(status, 'alpha', 'proxied', kind);
      const served = latencyOf(status, 'beta', 'served', kind);
      assert.ok(proxied.total.count > 0 && served.total.count > 0, `${kind}: some were timed`);
      assert.equal(proxied.forwarded?.count, proxied.total.count);
      assert.equal(served.stored?.count, served.total.count);
    }
  });
});
