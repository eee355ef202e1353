/** Initiator groups and CHAP, with initiators that nobody here wrote: libiscsi's tools (MD5; mutual too) and QEMU. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cluster } from '../support/cluster.ts';
import { type Disk, qemuIo, tryQemuIo, urlOf } from '../support/disk.ts';
import { runTool, type ToolEnd } from '../support/tools.ts';

const HOST_1 = 'iqn.2026-11.dev.crosspath.test:host1';
const HOST_2 = 'iqn.2026-11.dev.crosspath.test:host2';
const GUEST = 'iqn.2026-11.dev.crosspath.test:guest';
const STRANGER = 'iqn.2026-11.dev.crosspath.test:stranger';
const CHAP = { name: 'host1', secret: 'twelve-bytes-' };
const RENEWED = { name: 'host1', secret: 'more-than-twelve' };
const TARGET = { name: 'storage', secret: 'of-the-target' };

describe('initiator groups', () => {
  let cluster: Cluster;
  before(async () => {
    cluster = await Cluster.start({
      groups: [
        {
          name: 'hosts',
          initiators: [HOST_1, HOST_2],
          luns: { 5: 'vol-b' },
          chap: [
            `initiator ${CHAP.name} ${CHAP.secret}`,
            `initiator ${RENEWED.name} ${RENEWED.secret}`,
            `target ${TARGET.name} ${TARGET.secret}`,
          ],
        },
        { name: 'guests', initiators: [GUEST], ports: ['alpha-local', 'beta-all'] },
      ],
    });
  });
  after(() => cluster.end());

  const disk = (port: string, lun: number, initiator: string, chap?: Disk['chap']): Disk => ({
    ...cluster.disk(port, lun, initiator),
    ...(chap === undefined ? {} : { chap }),
  });

  test('QEMU logs in by CHAP through every kind of port, and sees the map of its group', async () => {
    for (const [at, port] of [
      'alpha-shared',
      'alpha-proxy',
      'alpha-all',
      'beta-local',
      'beta-all',
    ].entries()) {
      const name = at % 2 === 0 ? HOST_1 : HOST_2;
      const pattern = `-P ${0x20 + at}`;
      await qemuIo(
        disk(port, 5, name, at % 2 === 0 ? CHAP : RENEWED),
        `write ${pattern} 0 64k`,
        `read ${pattern} 0 64k`,
      );
    }
    assert.notEqual((await tryQemuIo(disk('alpha-all', 1, HOST_1, CHAP), ['read 0 4k'])).code, 0);
  });

  test('a wrong secret, a wrong name and none at all are refused', async () => {
    for (const chap of [{ ...CHAP, secret: 'twelve-bytes' }, { ...CHAP, name: 'host2' }, undefined]) {
      const end = await inquiry(disk('beta-local', 5, HOST_1, chap));
      assert.notEqual(end.code, 0);
      assert.match(`${end.out}${end.err}`, /authentication failure/i);
    }
  });

  test('an initiator that no group names hears the same as one with a wrong secret', async () => {
    const wrong = await inquiry(disk('beta-local', 5, HOST_1, { ...CHAP, secret: 'twelve-bytes' }));
    const unknown = await inquiry(disk('beta-local', 5, STRANGER, CHAP));
    assert.deepEqual([unknown.code, unknown.out, unknown.err], [wrong.code, wrong.out, wrong.err]);
  });

  test('libiscsi asks the target to prove itself, and believes the right secret alone', async () => {
    const mutual = (secret: string) =>
      inquiry(disk('alpha-proxy', 5, HOST_1, CHAP), `?target_user=${TARGET.name}&target_password=${secret}`);
    const right = await mutual(TARGET.secret);
    assert.equal(right.code, 0, `${right.out}${right.err}`);
    assert.notEqual((await mutual('another-secret')).code, 0);
  });

  test('discovery asks for a proof, and tells of every portal', async () => {
    const { portal } = cluster.disk('alpha-local', 0);
    const refused = await list(`iscsi://${portal}`, HOST_1);
    assert.notEqual(refused.code, 0);
    const { out } = await list(`iscsi://${CHAP.name}%${CHAP.secret}@${portal}`, HOST_1);
    assert.equal([...out.matchAll(/^Target:/gm)].length, 8);
  });

  test('discovery tells a group of its own ports, and it may log in to no others', async () => {
    const { out } = await list(`iscsi://${cluster.disk('alpha-proxy', 0).portal}`, GUEST);
    const own = ['alpha-local', 'beta-all'].map((name) => {
      const { portal, portalGroupTag, targetName } = cluster.port(name);
      return `Target:${targetName} Portal:${portal.host}:${portal.port},${portalGroupTag}`;
    });
    assert.deepEqual(out.trim().split('\n').sort(), own.sort());
    const end = await inquiry(disk('alpha-all', 1, GUEST));
    assert.notEqual(end.code, 0);
    assert.match(`${end.out}${end.err}`, /authorization failure/i);
    await qemuIo(disk('alpha-local', 1, GUEST), 'write -P 0x31 0 64k', 'read -P 0x31 0 64k');
  });

  test('no secret is in what the systems print and log, or in the status', async () => {
    const said = `${cluster.said()}${JSON.stringify(await cluster.status())}`;
    assert.match(said, /login refused/);
    for (const { secret } of [CHAP, RENEWED, TARGET]) assert(!said.includes(secret));
  });

  /** INQUIRY by libiscsi, which takes its initiator name as an option. */
  function inquiry(unit: Disk, query = ''): Promise<ToolEnd> {
    return runTool('iscsi-inq', ['-i', unit.initiator ?? '', `${urlOf(unit)}${query}`]);
  }

  function list(url: string, initiator: string): Promise<ToolEnd> {
    return runTool('iscsi-ls', ['-i', initiator, url]);
  }
});
