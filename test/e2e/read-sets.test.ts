/** Issue 2, point 3: read data comes back in read sets under credit, so that nobody holds more than a few of them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo, startQemuIo } from '../support/disk.ts';
import { Relay } from '../support/relay.ts';
import { linkOf, systemOf } from '../support/status.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
/** What one command may hold of a system's memory, whatever its length: a few read sets, and the client's credit. */
const BOUND = 1 * MiB;

for (const readSet of ['16KiB', '64KiB', '256KiB']) {
  describe(`read sets of ${readSet}`, () => {
    let cluster: Cluster;
    before(async () => {
      cluster = await Cluster.start({ readSet });
      await qemuIo(cluster.disk('beta-local', 2), ...patterns('write'));
    });
    after(() => cluster.end());

    test('a read of 16 MiB through a proxy is right, and neither system buffers more than a few sets', async () => {
      // Writes have left their own peak behind: beta's counts from a new start.
      await cluster.system('beta').stop();
      await cluster.startSystem('beta');
      await cluster.untilLinked();
      await qemuIo(cluster.disk('alpha-proxy', 2), 'read 0 16M', ...patterns('read'));
      const status = await cluster.status();
      for (const name of ['alpha', 'beta']) {
        const { bufferedBytes, peakBufferedBytes } = systemOf(status, name);
        assert(peakBufferedBytes > 0);
        assert(peakBufferedBytes <= BOUND, `${name} held ${peakBufferedBytes} bytes`);
        assert.equal(bufferedBytes, 0, `${name} gave all of it back`);
        assert.equal(linkOf(status, name).bufferedBytes, 0);
      }
    });

    test('a client that stops reading holds up a few sets, and gets the rest when it goes on', async () => {
      const disk = cluster.disk('alpha-proxy', 2);
      const { port } = cluster.port('alpha-proxy').portal;
      const relay = await Relay.to({ host: '127.0.0.1', port });
      try {
        const slow = startQemuIo({ ...disk, portal: `127.0.0.1:${relay.port}` }, ['read -P 0x31 0 16M']);
        await cluster.until('a read is on its way', ({ sessions }) =>
          sessions.some(({ port, commandsOutstanding }) => port === 'alpha-proxy' && commandsOutstanding > 0),
        );
        relay.stall();
        // Another client's commands are not held up.
        await qemuIo(disk, 'read -P 0x31 0 4M');
        const status = await cluster.status();
        for (const name of ['alpha', 'beta']) {
          const { bufferedBytes } = systemOf(status, name);
          assert(bufferedBytes <= BOUND, `${name} holds ${bufferedBytes} bytes`);
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

/** Sixteen MiB of one pattern. */
function patterns(operation: 'read' | 'write'): string[] {
  return [`${operation} -P 0x31 0 16M`];
}
