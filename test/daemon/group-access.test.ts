import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { GroupAccess, type GroupSecrets } from '../../src/daemon/group-access.ts';
import { initiatorMaps, othersLun } from '../../src/daemon/lun-maps.ts';
import { testPort } from '../support/scsi.ts';
import { configOf, good } from './config/fixture.ts';

const ONE = 'iqn.2004-01.com.example:one';
const TWO = 'iqn.2004-01.com.example:two';
const OTHER = 'iqn.2004-01.com.example:other';
const known = { name: 'n', secret: randomBytes(16) };
const secret = { initiators: [known, known], target: known };
const random = { bytes: (length: number) => randomBytes(length) };

function group(name: string, initiators: readonly string[], more = ''): string {
  return `[[initiator_group]]\nname = "${name}"\ninitiators = ${JSON.stringify(initiators)}\n${more}\n`;
}

function accessOf(groups: string, secrets: GroupSecrets = new Map()): GroupAccess {
  return new GroupAccess(configOf(`${good}${groups}`).initiatorGroups, secrets, random);
}

test('without a group everyone may log in anywhere, and proves nothing', () => {
  const access = accessOf('');
  assert.equal(access.permits(OTHER, testPort()), true);
  assert.equal(access.permits(OTHER, null), true);
  assert.equal(access.chapOf(OTHER), null);
  assert.equal(access.groupOf(OTHER), null);
});

test('with a group, those that none names may not log in, not even to discover', () => {
  const access = accessOf(group('hosts', [ONE, TWO]));
  for (const name of [ONE, TWO]) assert.equal(access.permits(name, testPort()), true);
  assert.equal(access.permits(OTHER, testPort()), false);
  assert.equal(access.permits(OTHER, null), false);
  assert.equal(access.groupOf(TWO)?.name, 'hosts');
});

test('a group of "*" has those that no other names', () => {
  const access = accessOf(group('hosts', [ONE]) + group('others', ['*', TWO]));
  assert.deepEqual(
    [ONE, TWO, OTHER].map((name) => access.groupOf(name)?.name),
    ['hosts', 'others', 'others'],
  );
  assert.equal(access.permits(OTHER, testPort()), true);
});

test('a group’s ports are those that it may log in to; discovery is everywhere', () => {
  const access = accessOf(group('hosts', [ONE], 'ports = ["beta-all"]'));
  assert.equal(access.permits(ONE, testPort({ name: 'beta-all' })), true);
  assert.equal(access.permits(ONE, testPort({ name: 'alpha-local' })), false);
  assert.equal(access.permits(ONE, null), true);
});

test('who is in no group is asked to prove itself where anyone is, by what nobody knows', () => {
  const secrets: GroupSecrets = new Map([['hosts', { current: () => secret }]]);
  const access = accessOf(group('hosts', [ONE], 'chap = "x"') + group('open', [TWO]), secrets);
  assert.equal(access.chapOf(ONE), secret);
  assert.equal(access.chapOf(TWO), null);
  const decoy = access.chapOf(OTHER);
  assert.deepEqual(
    decoy?.initiators.map(({ name, secret: bytes }) => [name, bytes.length]),
    [
      ['', 32],
      ['', 32],
    ],
  );
  assert.equal(decoy?.target, null);
  assert.equal(access.permits(OTHER, testPort()), false);
  const another = accessOf(group('hosts', [ONE], 'chap = "x"'), secrets).chapOf(OTHER);
  assert.notDeepEqual(decoy, another);
});

test('the initiators of a group share its map; without one they see each unit at its lun', () => {
  const map = 'luns = { "0" = "vol-b" }';
  const config = configOf(`${good}${group('one', [ONE, TWO], map)}${group('others', ['*'])}`);
  assert.deepEqual(initiatorMaps(config), [
    { name: ONE, luns: new Map([[0, 'vol-b']]) },
    { name: TWO, luns: new Map([[0, 'vol-b']]) },
  ]);
  assert.deepEqual(
    config.units.map((unit) => othersLun(config, unit)),
    [1, 2],
  );
});

test('a map of "*" is for those that no group names, and for no other', () => {
  const map = 'luns = { "9" = "vol-b" }';
  const config = configOf(`${good}${group('one', [ONE])}${group('others', ['*', TWO], map)}`);
  assert.deepEqual(initiatorMaps(config), [
    {
      name: ONE,
      luns: new Map([
        [1, 'vol-a'],
        [2, 'vol-b'],
      ]),
    },
    { name: TWO, luns: new Map([[9, 'vol-b']]) },
  ]);
  assert.deepEqual(
    config.units.map((unit) => othersLun(config, unit)),
    [null, 9],
  );
});
