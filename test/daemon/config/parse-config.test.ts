import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { configOf, good, mistakesOf } from './fixture.ts';

test('a correct file is filled in with its defaults', () => {
  const config = configOf(good);
  assert.equal(config.name, 'demo');
  assert.equal(config.readSetLength, 65536);
  assert.deepEqual(
    config.systems.map(({ name, groupId, stateFolder }) => [name, groupId, stateFolder]),
    [
      ['alpha', 1, '/srv/var/alpha'],
      ['beta', 2, '/srv/var/beta'],
    ],
  );
  const ports = config.systems.flatMap(({ ports }) => ports);
  assert.deepEqual(
    ports.map(({ name, targetName, relativeId, portalGroupTag }) => [
      name,
      targetName,
      relativeId,
      portalGroupTag,
    ]),
    [
      ['alpha-local', 'iqn.2026-11.dev.crosspath:demo:alpha-local', 1, 1],
      ['alpha-proxy', 'iqn.2026-11.dev.crosspath:demo:alpha-proxy', 2, 2],
      ['beta-local', 'iqn.2026-11.dev.crosspath:demo:beta-local', 3, 3],
      ['beta-all', 'iqn.2026-11.dev.crosspath:demo', 4, 4],
    ],
  );
});

test('a virtual port has the portal of the physical port it is on', () => {
  const [local, proxy] = configOf(good).systems[0]?.ports ?? [];
  assert.deepEqual(proxy?.portal, { host: '127.0.0.1', port: 3260 });
  assert.deepEqual([local?.on, proxy?.on], [null, 'alpha-local']);
});

test('paths are absolute: sockets from the file, stores from the state folder, devices as written', () => {
  const config = configOf(good);
  assert.deepEqual(config.systems[1]?.interconnect, [{ transport: 'unix', path: '/srv/var/beta.sock' }]);
  assert.deepEqual(
    config.units.map(({ store }) => store),
    [
      { kind: 'file', path: '/srv/var/alpha/vol-a.img' },
      { kind: 'device', path: '/dev/sdz', direct: false },
    ],
  );
});

test('optional keys override the defaults', () => {
  const text = good
    .replace('name = "demo"', 'name = "demo"\nread_set = "8KiB"')
    .replace('name = "alpha"\n', 'name = "alpha"\ngroup = 9\n')
    .replace('serves = "proxy"', 'serves = "proxy"\nrelative_id = 100\nportal_group_tag = 7')
    .replace('size = "1GiB"', 'size = 1073741824\nblock = 4096\nread_only = true\nlow_space = "2GiB"')
    .replace('size = "512 MiB"', 'size = "512 MiB"\nphysical_block = 512');
  const config = configOf(
    `${text}[[initiator_group]]\nname = "hosts"\ninitiators = ["iqn.2004-01.com.example:h"]\nluns = { "0" = "vol-b" }\nports = ["beta-all"]\nchap = "hosts.chap"\n`,
  );
  assert.equal(config.readSetLength, 8192);
  assert.equal(config.systems[0]?.groupId, 9);
  const proxy = config.systems[0]?.ports[1];
  assert.deepEqual([proxy?.relativeId, proxy?.portalGroupTag], [100, 7]);
  assert.deepEqual(
    config.units.map((unit) => [
      unit.byteLength,
      unit.blockLength,
      unit.physicalBlockLength,
      unit.readOnly,
      unit.lowSpace,
    ]),
    [
      [1073741824, 4096, 4096, true, 2 ** 31],
      [536870912, 512, 512, false, null],
    ],
  );
  assert.deepEqual(config.initiatorGroups, [
    {
      name: 'hosts',
      initiators: ['iqn.2004-01.com.example:h'],
      luns: new Map([[0, 'vol-b']]),
      ports: ['beta-all'],
      chapFile: '/srv/hosts.chap',
    },
  ]);
});

test('an interconnect address may be Fibre Channel over FCIP', () => {
  const text = good.replace('"tcp://127.0.0.1:7701"', '"fcip://[::1]:3225"');
  assert.deepEqual(configOf(text).systems[0]?.interconnect, [{ transport: 'fcip', host: '::1', port: 3225 }]);
});

test('a mistake of TOML syntax is named with its line', () => {
  const [mistake] = mistakesOf('[cluster]\nname = \n');
  assert.equal(mistake?.line, 2);
  assert.match(mistake?.message ?? '', /^not TOML: /);
});

test('every mistake of a file is named at once, in order of line', () => {
  const mistakes = mistakesOf(
    good
      .replace('"tcp://127.0.0.1:7701"', '"tcp:127.0.0.1"')
      .replace('kind = "virtual"', 'kind = "vrtual"')
      .replace('owner = "beta"', 'owner = "bta"')
      .replace('lun = 1', 'lun = -1'),
  );
  assert.deepEqual(
    mistakes.map(({ line }) => line),
    [7, 16, 39, 45],
  );
});

test('an empty file, and a file of other tables, are mistakes and no crash', () => {
  assert.equal(mistakesOf('').length, 2);
  assert.ok(mistakesOf('cluster = 1\nsystem = "x"\nunit = [1]\n').length >= 3);
  assert.ok(mistakesOf('__proto__ = 1\n[constructor]\nx = 1\n').length >= 3);
});
