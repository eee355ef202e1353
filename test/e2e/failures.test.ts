/** Issue 2, point 7: what dies takes nothing with it but what it was doing, and nobody waits for ever. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { ClusterStatus } from '../../cli/status/merge.ts';
import { Cluster } from '../support/cluster.ts';
import { imageOptions, qemuIo, startQemuIo, tryQemuIo } from '../support/disk.ts';
import { linkOf, portOf, systemOf } from '../support/status.ts';
import { startTool } from '../support/tools.ts';

describe('with commands in flight through a proxy', () => {
  let cluster: Cluster;
  beforeEach(async () => {
    cluster = await Cluster.start();
  });
  afterEach(() => cluster.end());

  /** Writes at depth 32 through alpha to beta's unit, until it is killed or fails. */
  function load() {
    const options = ['bench', '-w', '-c', '10000000', '-d', '32', '-s', '4096', '--image-opts'];
    return startTool('qemu-img', [...options, imageOptions(cluster.disk('alpha-proxy', 2))]);
  }

  function underLoad(): Promise<ClusterStatus> {
    return cluster.until('alpha forwards', ({ links }) =>
      links.some(({ system, commandsForwarded }) => system === 'alpha' && commandsForwarded > 500),
    );
  }

  function nothingLeft(): Promise<ClusterStatus> {
    return cluster.until(
      'no session, exchange or buffer is left',
      ({ sessions, links, systems }) =>
        sessions.length === 0 &&
        links.every(({ exchanges, bufferedBytes }) => exchanges === 0 && bufferedBytes === 0) &&
        systems.every((system) => !system.reachable || system.bufferedBytes === 0),
    );
  }

  async function bothServe(): Promise<void> {
    await cluster.untilLinked();
    for (const port of ['alpha-proxy', 'beta-local'])
      await qemuIo(cluster.disk(port, 2), 'write -P 0x83 1M 1M', 'read -P 0x83 1M 1M');
    await qemuIo(cluster.disk('alpha-local', 1), 'write -P 0x84 0 1M', 'read -P 0x84 0 1M');
  }

  test('a link that is cut drops the session, and the client carries on by the direct path', async () => {
    const client = load();
    await underLoad();
    cluster.interconnect.reset();
    const cut = await cluster.until(
      'alpha has lost the link, and beta has nothing of it left',
      (status) => linkOf(status, 'alpha').state !== 'up' && linkOf(status, 'beta').exchanges === 0,
    );
    await qemuIo(cluster.disk('beta-local', 2), 'write -P 0x81 4M 1M', 'read -P 0x81 4M 1M');
    client.kill();
    await client.ended;
    assert(linkOf(cut, 'alpha').lastLoss !== null);
    cluster.interconnect.heal();
    await bothServe();
    await qemuIo(cluster.disk('alpha-proxy', 2), 'read -P 0x81 4M 1M');
    await nothingLeft();
  });

  test('while the link is down a client is refused through the proxy, at once and by name', async () => {
    cluster.interconnect.reset();
    await cluster.until('alpha has noticed', (status) => linkOf(status, 'alpha').state !== 'up');
    const { code, out, err } = await tryQemuIo(cluster.disk('alpha-proxy', 2), ['read 0 4k']);
    assert.notEqual(code, 0);
    assert.match(`${out}${err}`, /NOT[ _]READY|unavailable/i);
  });

  test('a command stalled on the interconnect ends when the link is given up', async () => {
    cluster.interconnect.stall();
    const client = startQemuIo(cluster.disk('alpha-proxy', 2), ['write -P 0x82 0 1M', 'flush']);
    await cluster.until('alpha gives the link up', (status) => linkOf(status, 'alpha').state !== 'up');
    await cluster.until('nothing is in flight', (status) => linkOf(status, 'alpha').exchanges === 0);
    client.kill();
    await client.ended;
    cluster.interconnect.heal();
    await bothServe();
    await nothingLeft();
  });

  test('the owner is killed: the proxy lives, serves its own units, and finds the owner again', async () => {
    await qemuIo(cluster.disk('beta-local', 2), 'write -P 0x85 8M 1M', 'flush');
    const client = load();
    await underLoad();
    await cluster.system('beta').kill();
    await cluster.until('alpha has noticed', (status) => linkOf(status, 'alpha').state !== 'up');
    await qemuIo(cluster.disk('alpha-local', 1), 'write -P 0x86 0 1M', 'read -P 0x86 0 1M');
    client.kill();
    await client.ended;
    await cluster.startSystem('beta');
    await bothServe();
    await qemuIo(cluster.disk('alpha-proxy', 2), 'read -P 0x85 8M 1M');
    await nothingLeft();
  });

  test('the proxy is killed: the owner lives, ends what it ran for it, and serves by the direct path', async () => {
    const client = load();
    await underLoad();
    await cluster.system('alpha').kill();
    await cluster.until('beta has nothing of alpha’s left', (status) => {
      const { state, exchanges, bufferedBytes } = linkOf(status, 'beta');
      return state !== 'up' && exchanges === 0 && bufferedBytes === 0;
    });
    await qemuIo(cluster.disk('beta-local', 2), 'write -P 0x87 0 1M', 'read -P 0x87 0 1M');
    client.kill();
    await client.ended;
    await cluster.startSystem('alpha');
    await bothServe();
    await nothingLeft();
  });

  test('the owner hangs: the proxy gives its commands up, and takes it back when it goes on', async () => {
    const client = load();
    await underLoad();
    const beta = cluster.system('beta');
    beta.freeze();
    try {
      await cluster.until('alpha gives the link up', ({ links }) =>
        links.some(({ system, state, exchanges }) => system === 'alpha' && state !== 'up' && exchanges === 0),
      );
      await qemuIo(cluster.disk('alpha-local', 1), 'write -P 0x88 0 1M', 'read -P 0x88 0 1M');
    } finally {
      beta.thaw();
    }
    client.kill();
    await client.ended;
    await bothServe();
    await nothingLeft();
  });

  test('a client that is killed leaves nothing behind on either system', async () => {
    const client = load();
    await underLoad();
    client.kill();
    await client.ended;
    await nothingLeft();
    await bothServe();
  });

  test('a client that logs out leaves nothing behind on either system', async () => {
    await qemuIo(cluster.disk('alpha-proxy', 2), 'write -P 0x89 0 1M');
    const status = await nothingLeft();
    assert.equal(portOf(status, 'alpha-proxy').sessions, 0);
    assert(systemOf(status, 'alpha').peakBufferedBytes > 0);
  });

  test('a system that is told to stop ends cleanly under load, and its partner serves on', async () => {
    const client = load();
    await underLoad();
    assert.equal(await cluster.system('alpha').stop(), 0);
    await qemuIo(cluster.disk('beta-local', 2), 'write -P 0x8a 0 1M', 'read -P 0x8a 0 1M');
    client.kill();
    await client.ended;
    await cluster.startSystem('alpha');
    await bothServe();
  });
});
