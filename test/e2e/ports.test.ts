/** Issue 2, point 2: physical and virtual proxy ports, local ports, and ports that serve all as a single image. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { qemuIo, urlOf } from '../support/disk.ts';
import { countersOf, portOf } from '../support/status.ts';
import { runTool, tool } from '../support/tools.ts';

/** What each of alpha's ports shows, by LUN. */
const alphaPorts = [
  { port: 'alpha-local', what: 'a local port', luns: [1] },
  { port: 'alpha-shared', what: 'a virtual proxy port', luns: [2] },
  { port: 'alpha-proxy', what: 'a physical proxy port', luns: [2] },
  { port: 'alpha-all', what: 'a single-image port', luns: [1, 2] },
] as const;
const unitAt = { 1: 'vol-a', 2: 'vol-b' } as const;

describe('ports', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start();
  });
  after(() => cluster.end());

  for (const [index, { port, what, luns }] of alphaPorts.entries()) {
    test(`${what} (${port}) shows LUN ${luns.join(' and ')} and no other`, async () => {
      const { portal, targetName } = cluster.disk(port, 0);
      const listed = await tool('iscsi-ls', '-s', `iscsi://${portal}`);
      assert.deepEqual(lunsOf(listed, targetName), luns);
    });

    for (const lun of luns) {
      test(`QEMU writes and reads LUN ${lun} through ${what} (${port})`, async () => {
        const pattern = `-P ${0x10 + index * 2 + lun}`;
        await qemuIo(cluster.disk(port, lun), `write ${pattern} 64k 512k`, `read ${pattern} 64k 512k`);
        const { commandsDirect, commandsProxied } = countersOf(await cluster.status(), unitAt[lun], port);
        assert.equal(commandsDirect > 0, lun === 1, 'alpha owns LUN 1 and runs its commands');
        assert.equal(commandsProxied > 0, lun === 2, 'alpha forwards those to LUN 2');
      });
    }
  }

  test('a virtual port shares the portal of its physical port, and nothing else', async () => {
    const status = await cluster.status();
    const [physical, virtual] = [portOf(status, 'alpha-local'), portOf(status, 'alpha-shared')];
    assert.equal(virtual.portal, physical.portal);
    assert.notEqual(virtual.targetName, physical.targetName);
    assert.notEqual(virtual.portalGroupTag, physical.portalGroupTag);
    assert.notEqual(virtual.relativeId, physical.relativeId);
    const listed = targetsOf(await tool('iscsi-ls', `iscsi://${physical.portal}`));
    const names = listed.filter(({ portals }) =>
      portals.some((portal) => portal.startsWith(`${physical.portal},`)),
    );
    assert.deepEqual(
      names.map(({ target }) => target).sort(),
      [physical.targetName, virtual.targetName].sort(),
    );
    for (const { targetName, portalGroupTag } of [physical, virtual]) {
      const found = names.find(({ target }) => target === targetName);
      assert.deepEqual(found?.portals, [`${physical.portal},${portalGroupTag}`]);
    }
  });

  test('each system prints a line for each of its ports, then ready', () => {
    for (const name of ['alpha', 'beta'] as const) {
      const { printed } = cluster.system(name);
      assert.equal(printed.at(-1), 'ready');
      const kinds = ['local', 'shared', 'proxy', 'all'];
      for (const [index, kind] of kinds.entries()) assert(printed[index]?.includes(`${name}-${kind}`));
    }
  });

  test('relative target port identifiers are unique in the cluster', async () => {
    const { systems } = await cluster.status();
    const ids = systems
      .flatMap((system) => (system.reachable ? system.ports : []))
      .map((port) => port.relativeId);
    assert.equal(ids.length, 8);
    assert.equal(new Set(ids).size, 8);
  });

  test('the single image has one target name and a portal group on each system', async () => {
    const [alpha, beta] = [cluster.port('alpha-all'), cluster.port('beta-all')];
    assert.equal(alpha.targetName, beta.targetName);
    assert.notEqual(alpha.portalGroupTag, beta.portalGroupTag);
    const pattern = '-P 0x77 8M 64k';
    await qemuIo(cluster.disk('alpha-all', 2), `write ${pattern}`);
    await qemuIo(cluster.disk('beta-all', 2), `read ${pattern}`);
    await qemuIo(cluster.disk('beta-local', 2), `read ${pattern}`);
  });

  test('a target that is not on the portal is refused at login', async () => {
    const wrong = { ...cluster.disk('alpha-proxy', 2), targetName: cluster.port('alpha-local').targetName };
    const { code, err, out } = await runTool('iscsi-inq', [urlOf(wrong)]);
    assert.notEqual(code, 0);
    assert.match(`${out}${err}`, /target not found|not found/i);
  });

  test('a LUN of the other kind is no logical unit of a port', async () => {
    const { code } = await runTool('iscsi-readcapacity16', [urlOf(cluster.disk('alpha-local', 2))]);
    assert.notEqual(code, 0);
  });
});

interface ListedTarget {
  readonly target: string;
  readonly portals: readonly string[];
}

/** "Target:NAME Portal:ADDRESS,TAG" */
function targetsOf(listed: string): ListedTarget[] {
  const portals = new Map<string, string[]>();
  for (const [, target = '', portal = ''] of listed.matchAll(/^Target:(\S+) Portal:(\S+)/gm)) {
    portals.set(target, [...(portals.get(target) ?? []), portal]);
  }
  return [...portals].map(([target, portals]) => ({ target, portals }));
}

/** The LUNs of disks in iscsi-ls -s's listing of a target. */
function lunsOf(listed: string, targetName: string): number[] {
  const own = listed.split(/^Target:/m).find((part) => part.startsWith(`${targetName} `)) ?? '';
  return [...own.matchAll(/^Lun:(\d+) +Type:DIRECT_ACCESS/gm)].map(([, lun]) => Number(lun)).sort();
}
