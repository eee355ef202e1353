/** Issue 2, point 3: read data comes back in read sets under credit, so that nobody holds more than a few of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo, startQemuIo } from '../support/disk.ts';
import { Relay } from '../support/relay.ts';
import { linkOf, systemOf } from '../support/status.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

for (const kibibytes of [16, 64, 256]) {
  const readSet = `${kibibytes}KiB`;
  /** What one command may hold of a system's memory, whatever its length: four read sets, and headers. */
  const bound = 4 * kibibytes * KiB + 64 * KiB;

  describe(`read sets of ${readSet}`, () => {
    let cluster: Cluster;
    before(async () => {
      cluster = await Cluster.start({ readSet });
      await qemuIo(cluster.disk('beta-local', 2), 'write -P 0x31 0 16M');
    });
    after(() => cluster.end());

    test('a read of 16 MiB through a proxy is right, and neither system buffers more than a few sets', async (context) => {
      // Writes have left their own peak behind: beta's counts from a new start.
      await cluster.system('beta').stop();
      await cluster.startSystem('beta');
      await cluster.untilLinked();
      await qemuIo(cluster.disk('alpha-proxy', 2), 'read -P 0x31 0 16M');
      const status = await cluster.status();
      for (const name of ['alpha', 'beta']) {
        const { peakBufferedBytes } = systemOf(status, name);
        context.diagnostic(`${name} held ${peakBufferedBytes / KiB} KiB at the most`);
        assert(peakBufferedBytes > 0);
        assert(peakBufferedBytes <= bound, `${name} held ${peakBufferedBytes} bytes`);
        // A probe that is just being sent takes a buffer too: that one is back a moment later.
        await cluster.until(`${name} gives all of it back`, (now) => systemOf(now, name).bufferedBytes === 0);
        assert.equal(linkOf(status, name).bufferedBytes, 0);
      }
    });

    test('a client that stops reading holds up a few sets, and gets the rest when it goes on', async () => {
      const disk = cluster.disk('alpha-proxy', 2);
      const { port } = cluster.port('alpha-proxy').portal;
      const relay = await Relay.to({ host: '127.0.0.1', port });
      relay.stallAfter(MiB);
      try {
        const slow = startQemuIo({ ...disk, portal: `127.0.0.1:${relay.port}` }, ['read -P 0x31 0 16M']);
        await cluster.until('a read is held up', ({ sessions }) =>
          sessions.some(({ port, commandsOutstanding }) => port === 'alpha-proxy' && commandsOutstanding > 0),
        );
        // Another client's commands are not held up.
        await qemuIo(disk, 'read -P 0x31 0 4M');
        const status = await cluster.status();
        for (const name of ['alpha', 'beta']) {
          const { bufferedBytes } = systemOf(status, name);
          assert(bufferedBytes <= 2 * bound, `${name} holds ${bufferedBytes} bytes`);
        }
        relay.heal();
        const end = await slow.ended;
        assert.equal(end.code, 0, end.out);
      } finally {
        await relay.close();
      }
    });
  });
}
