/** Issue 2, point 4: the interconnect over a direct link: TCP, a Unix socket, or Fibre Channel over FCIP. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo } from '../support/disk.ts';
import { linkOf } from '../support/status.ts';

describe('the interconnect', () => {
  for (const transport of ['tcp', 'unix', 'fcip'] as const) {
    test(`carries commands both ways over ${transport}`, async () => {
      const cluster = await Cluster.start({ transport });
      try {
        await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x21 0 4M', 'read -P 0x21 0 4M');
        await qemuIo(cluster.disk('beta-proxy', 1), 'write -P 0x22 0 4M', 'read -P 0x22 0 4M');
        await qemuIo(cluster.disk('beta-local', 2), 'read -P 0x21 0 4M');
        await qemuIo(cluster.disk('alpha-local', 1), 'read -P 0x22 0 4M');
        const status = await cluster.status();
        for (const system of ['alpha', 'beta']) {
          const link = linkOf(status, system);
          assert.match(link.address, transport === 'unix' ? /\/crosspath-e2e-/ : /127\.0\.0\.1:\d+/);
          assert(link.bytesIn > 4 << 20 && link.bytesOut > 4 << 20);
          assert.equal(link.exchanges, 0);
        }
      } finally {
        await cluster.end();
      }
    });

    test(`comes back over ${transport} with another generation when the cable has been pulled`, async () => {
      const cluster = await Cluster.start({ transport });
      try {
        const before = linkOf(await cluster.status(), 'alpha').generation;
        cluster.interconnect.reset();
        const down = await cluster.until('both have noticed', ({ links }) =>
          links.every(({ state }) => state !== 'up'),
        );
        assert(linkOf(down, 'alpha').lastLoss !== null);
        cluster.interconnect.heal();
        const up = await cluster.untilLinked();
        assert.notEqual(linkOf(up, 'alpha').generation, before);
        assert.equal(linkOf(up, 'alpha').generation, linkOf(up, 'beta').generation);
        await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x23 0 64k', 'read -P 0x23 0 64k');
      } finally {
        await cluster.end();
      }
    });
  }

  test('a cable that goes dead without a reset is noticed within seconds', async () => {
    const cluster = await Cluster.start();
    try {
      cluster.interconnect.stall();
      await cluster.until('both have noticed', ({ links }) => links.every(({ state }) => state !== 'up'));
      cluster.interconnect.heal();
      await cluster.untilLinked();
    } finally {
      await cluster.end();
    }
  });

  test('systems may start in any order, and a partner that restarts is found again', async () => {
    const cluster = await Cluster.make();
    try {
      await cluster.startSystem('beta');
      await cluster.startSystem('alpha');
      await cluster.untilLinked();
      for (const name of ['alpha', 'beta'] as const) {
        assert.equal(await cluster.system(name).stop(), 0, `${name} stops cleanly`);
        await cluster.startSystem(name);
        await cluster.untilLinked();
        await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x24 0 64k', 'read -P 0x24 0 64k');
      }
    } finally {
      await cluster.end();
    }
  });
});
