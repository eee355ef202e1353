import { strict as assert } from 'node:assert';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { AdminServer } from '../../src/admin/admin-server.ts';
import type { Log } from '../../src/env/log.ts';
import { sampleStatus } from '../admin/sample-status.ts';
import { good } from '../daemon/config/fixture.ts';
import { freePorts } from '../support/free-ports.ts';
import { crosspath, withFile } from './run-cli.ts';

const ignore = () => {};
const noLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };

test('check describes a correct file and exits with 0', () =>
  withFile('good.toml', good, async (file) => {
    const { code, out } = await crosspath('check', file);
    assert.equal(code, 0);
    assert.match(out, /correct\. Cluster "demo"/);
    assert.match(out, /port alpha-proxy \(virtual, serves proxy\): 127\.0\.0\.1:3260 iqn\./);
  }));

test('check says who may log in', async () => {
  const group = (initiators: string, more = '') =>
    `[[initiator_group]]\nname = "g"\ninitiators = ${initiators}\n${more}`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /every initiator may log in, without authentication/],
    [
      group('["iqn.2004-01.com.example:a"]'),
      /group g, 1 initiator: each unit at its LUN, through every port, no authentication\n {2}initiators that no group names may not/,
    ],
    [
      group('["*"]', 'luns = { "0" = "vol-a" }\nports = ["beta-all"]\nchap = "c"\n'),
      /1 units by a map, through beta-all, CHAP by .*\/c\n {2}initiators that no group names are in group g/,
    ],
  ];
  for (const [groups, says] of cases) {
    await withFile('good.toml', `${good}${groups}`, async (file) =>
      assert.match((await crosspath('check', file)).out, says),
    );
  }
});

test('check names each mistake as FILE:LINE: message and exits with 1', () =>
  withFile('bad.toml', good.replace('lun = 1', 'lun = x').replace('x', '"x"'), async (file) => {
    const { code, out, err } = await crosspath('check', file);
    assert.equal(code, 1);
    assert.equal(out, '');
    assert.match(err, /bad\.toml:\d+: /);
  }));

test('a file that is missing is one clear line', async () => {
  for (const command of ['check', 'status', 'start']) {
    const { code, err } = await crosspath(command, '/nowhere/x.toml');
    assert.equal(code, 1);
    assert.match(err, /^cannot read \/nowhere\/x\.toml: it does not exist.*\n$/);
  }
});

test('start refuses a system that the file does not have, and names those it has', () =>
  withFile('good.toml', good, async (file) => {
    const { code, err } = await crosspath('start', file, '--system', 'gamma');
    assert.equal(code, 1);
    assert.match(err, /no system "gamma"; it has alpha, beta/);
  }));

async function withAdminPorts(use: (file: string, alpha: number, beta: number) => Promise<void>) {
  const [alpha = 0, beta = 0] = await freePorts(2);
  const text = good.replace('7801', String(alpha)).replace('7802', String(beta));
  await withFile('good.toml', text, (file) => use(file, alpha, beta));
}

test('status shows systems that do not answer as unreachable and exits with 2', () =>
  withAdminPorts(async (file) => {
    const { code, out } = await crosspath('status', file);
    assert.equal(code, 2);
    assert.match(out, /alpha +unreachable \(http:.*ECONNREFUSED\)/);
    const json = await crosspath('status', file, '--json');
    assert.equal(json.code, 2);
    assert.deepEqual(
      JSON.parse(json.out).systems.map(({ reachable }: { reachable: boolean }) => reachable),
      [false, false],
    );
  }));

test('status merges what the systems say into one view', () =>
  withAdminPorts(async (file, alpha, beta) => {
    const betaStatus = { ...sampleStatus, system: { ...sampleStatus.system, name: 'beta' }, ports: [] };
    const reload = (): never => assert.fail('nobody reloads');
    const servers = [
      new AdminServer({ host: '127.0.0.1', port: alpha, status: () => sampleStatus, reload, log: noLog }),
      new AdminServer({ host: '127.0.0.1', port: beta, status: () => betaStatus, reload, log: noLog }),
    ];
    await Promise.all(servers.map((server) => server.listen()));
    const { code, out } = await crosspath('status', file);
    await Promise.all(servers.map((server) => server.close()));
    assert.equal(code, 0);
    assert.match(out, /vol-b +alpha +alpha-proxy +proxied +active\/non-optimized +0 +7 +4\.0KiB/);
    assert.match(out, /alpha +beta +tcp +up, slow +1m00s +tcp:\/\/127\.0\.0\.1:7702 +180\.25ms/);
  }));

test('status takes an answer that is none of ours for no answer', () =>
  withAdminPorts(async (file, alpha) => {
    const other = createServer((_, response) => response.end('{"hello":1}'));
    await new Promise<void>((resolve) => other.listen(alpha, '127.0.0.1', resolve));
    const { code, out } = await crosspath('status', file);
    other.close();
    assert.equal(code, 2);
    assert.match(out, /alpha +unreachable/);
  }));

test('--version and --help answer, and an unknown command is refused', async () => {
  assert.match((await crosspath('--version')).out, /^\d+\.\d+\.\d+\n$/);
  const help = await crosspath('start', '--help');
  assert.equal(help.code, 0);
  assert.match(help.out, /Examples:\n {2}crosspath start demo\.toml/);
  assert.equal((await crosspath('stat')).code, 1);
});
