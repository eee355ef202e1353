/** Portals on IPv6 addresses, and on every address of the machine, with libiscsi's tools and QEMU. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { qemuIo } from '../support/disk.ts';
import { freePorts } from '../support/free-ports.ts';
import { SystemProcess } from '../support/system-process.ts';
import { tool } from '../support/tools.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
const TARGET = 'iqn.2026-11.dev.crosspath:v6';

describe('IPv6', { skip: hasIPv6 ? false : 'this machine has no ::1' }, () => {
  let folder: string;
  let system: SystemProcess;
  let six: number;
  let any: number;
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'crosspath-v6-'));
    const [link = 0, admin = 0, ...rest] = await freePorts(4);
    [six = 0, any = 0] = rest;
    const file = path.join(folder, 'cluster.toml');
    await writeFile(file, configText(link, admin));
    system = new SystemProcess(file, 'alpha');
    await system.ready();
  });
  after(async () => {
    await system.kill();
    await rm(folder, { recursive: true });
  });

  const portalsOf = async (portal: string) => {
    const listed = await tool('iscsi-ls', `iscsi://${portal}`);
    return [...listed.matchAll(/^Target:(\S+) Portal:(\S+)/gm)].map(([, , address]) => address).sort();
  };

  test('a portal on ::1 is found, written and read', async () => {
    assert((await portalsOf(`[::1]:${six}`)).includes(`[::1]:${six},1`));
    const disk = { portal: `[::1]:${six}`, targetName: `${TARGET}:six`, lun: 1 };
    await qemuIo(disk, 'write -P 0x61 0 64k', 'read -P 0x61 0 64k');
  });

  test('a portal on every address is told of as the one that the client has come by', async () => {
    const others = [`[::1]:${six},1`];
    assert.deepEqual(await portalsOf(`[::1]:${any}`), [`[::1]:${any},2`, ...others].sort());
    assert.deepEqual(await portalsOf(`127.0.0.1:${any}`), [`127.0.0.1:${any},2`, ...others].sort());
    const disk = { portal: `127.0.0.1:${any}`, targetName: `${TARGET}:any`, lun: 1 };
    await qemuIo(disk, 'read -P 0x61 0 64k');
  });

  function configText(link: number, admin: number): string {
    return `[cluster]
name = "v6"
[[system]]
name = "alpha"
state = "alpha"
interconnect = ["tcp://[::1]:${link}"]
admin = "[::1]:${admin}"
${port('six', `[::1]:${six}`)}${port('any', `[::]:${any}`)}
[[unit]]
name = "vol"
owner = "alpha"
lun = 1
size = "16MiB"
store = { file = "vol.img" }
`;
  }
});

function port(name: string, portal: string): string {
  return `[[system.port]]\nname = "${name}"\nkind = "physical"\nportal = "${portal}"\nserves = "local"\n`;
}
