/** Issue 3, "Links": any number of systems, each of which reaches every other over links of its own, one hop away. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readConfig } from '../../cli/read-config.ts';
import { askAll } from '../../cli/status/ask.ts';
import { type ClusterStatus, mergeStatus } from '../../cli/status/merge.ts';
import { crosspath } from '../cli/run-cli.ts';
import { type Disk, qemuIo } from '../support/disk.ts';
import { freePorts } from '../support/free-ports.ts';
import { SystemProcess } from '../support/system-process.ts';

const names = ['alpha', 'beta', 'delta', 'gamma'] as const;
type Name = (typeof names)[number];
const POLL_MILLISECONDS = 50;
const PATIENCE_MILLISECONDS = 30_000;

/** A system with one port for all units, and two ways to reach it: TLS and a Unix socket. */
function systemText(name: string, place: number, ports: readonly number[]): string {
  const [portal, admin, link] = ports.slice(place * 3, place * 3 + 3);
  return `[[system]]
name = "${name}"
state = "${name}"
interconnect = ["tls://127.0.0.1:${link}", "unix:${name}.sock"]
admin = "127.0.0.1:${admin}"
[[system.port]]
name = "${name}-all"
kind = "physical"
portal = "127.0.0.1:${portal}"
serves = "all"
[[unit]]
name = "vol-${name}"
owner = "${name}"
lun = ${place + 1}
size = "16MiB"
store = { file = "vol.img" }
`;
}

describe('four systems', () => {
  let folder = '';
  let file = '';
  const systems = new Map<Name, SystemProcess>();

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'crosspath-four-'));
    file = path.join(folder, 'cluster.toml');
    const ports = await freePorts(names.length * 3);
    const head = '[cluster]\nname = "four"\nkeys = "keys"\n';
    await writeFile(file, [head, ...names.map((name, place) => systemText(name, place, ports))].join('\n'));
    const keys = await crosspath('keys', file);
    assert.equal(keys.code, 0, keys.err);
    await Promise.all(names.map(start));
    await until(allLinked);
  });

  after(async () => {
    const died = [...systems.values()].filter((system) => system.endedUnasked).map((system) => system.said);
    await Promise.all([...systems.values()].map((system) => system.kill()));
    await rm(folder, { recursive: true });
    assert.deepEqual(died, [], 'a system ended of its own');
  });

  async function start(name: Name): Promise<void> {
    const system = new SystemProcess(file, name);
    systems.set(name, system);
    await system.ready();
  }

  async function status(): Promise<ClusterStatus> {
    const config = readConfig(file);
    return mergeStatus(config, await askAll(config));
  }

  async function until(holds: (status: ClusterStatus) => boolean): Promise<ClusterStatus> {
    const deadline = Date.now() + PATIENCE_MILLISECONDS;
    for (;;) {
      const now = await status();
      if (holds(now)) return now;
      const said = [...systems.values()].map((system) => system.said).join('\n');
      if (Date.now() > deadline) throw new Error(`never so: ${JSON.stringify(now.links, null, 1)}\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    }
  }

  /** Two links from each system to each of the three others. */
  function allLinked({ links }: ClusterStatus): boolean {
    return links.length === 24 && links.every(({ state }) => state === 'up');
  }

  function disk(through: Name, owner: Name): Disk {
    const port = readConfig(file).systems.find(({ name }) => name === through)?.ports[0];
    assert(port !== undefined);
    const { portal, targetName } = port;
    return { portal: `${portal.host}:${portal.port}`, targetName, lun: names.indexOf(owner) + 1 };
  }

  test('each system reaches every other over links of its own, of both transports', async () => {
    const { links } = await status();
    for (const from of names) {
      for (const to of names.filter((name) => name !== from)) {
        const between = links.filter(({ system, partner }) => system === from && partner === to);
        assert.deepEqual(between.map(({ transport }) => transport).sort(), ['tls', 'unix']);
      }
    }
  });

  test('each unit is the same through each system, one hop away', async () => {
    for (const [place, owner] of names.entries()) {
      for (const [turn, through] of names.entries()) {
        const byte = `0x${(16 + place * 4 + turn).toString(16)}`;
        await qemuIo(disk(through, owner), `write -P ${byte} ${turn * 64}k 64k`);
      }
      for (const through of names) {
        const reads = names.map((_, turn) => {
          const byte = `0x${(16 + place * 4 + turn).toString(16)}`;
          return `read -P ${byte} ${turn * 64}k 64k`;
        });
        await qemuIo(disk(through, owner), ...reads);
      }
    }
    const { links, units } = await status();
    for (const from of names) {
      for (const to of names.filter((name) => name !== from)) {
        const sum = (counts: readonly number[]) => counts.reduce((total, count) => total + count, 0);
        const forwarded = sum(
          links
            .filter(({ system, partner }) => system === from && partner === to)
            .map(({ commandsForwarded }) => commandsForwarded),
        );
        const served = sum(
          links
            .filter(({ system, partner }) => system === to && partner === from)
            .map(({ commandsServed }) => commandsServed),
        );
        // By the port at which clients' commands came: a second hop would be forwarded, and no client's.
        const paths = units.find(({ owner }) => owner === to)?.paths ?? [];
        const proxied = sum(
          paths.filter(({ system }) => system === from).map(({ commandsProxied }) => commandsProxied),
        );
        assert(proxied > 0);
        assert.deepEqual([forwarded, served], [proxied, proxied], `${from} to ${to}`);
      }
    }
  });

  test('keys are renewed while the cluster runs: a system that starts then uses the new ones', async () => {
    const rotated = await crosspath('keys', file, '--rotate');
    assert.equal(rotated.code, 0, rotated.err);
    assert(allLinked(await status()), 'links that are up stay up');
    await systems.get('delta')?.stop();
    const left = await until(({ links }) => links.some(({ state }) => state !== 'up'));
    const others = left.links.filter(({ system, partner }) => ![system, partner].includes('delta'));
    assert(others.every(({ state }) => state === 'up'));
    await start('delta');
    await until(allLinked);
    await qemuIo(disk('alpha', 'delta'), 'write -P 0x77 1M 64k', 'read -P 0x77 1M 64k');
    const said = [...systems.values()].map((system) => system.said).join('\n');
    assert.doesNotMatch(said, /[0-9a-f]{64}/, 'no secret is in a log');
  });
});
