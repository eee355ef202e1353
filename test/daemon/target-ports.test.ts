import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GroupAccess } from '../../src/daemon/group-access.ts';
import { addressElsewhere, discoveredTargets, targetPortsOf } from '../../src/daemon/target-ports.ts';
import { configOf, edited, good } from './config/fixture.ts';

const everywhere = () => true;

/** What alpha tells a client that has connected to `at`: 'PORT of the target name ADDRESS,TAG'. */
function told(
  text: string,
  at = '127.0.0.1:3260',
  permits: (port: { name: string }) => boolean = everywhere,
) {
  const config = configOf(text);
  const [alpha] = config.systems;
  assert(alpha !== undefined);
  return discoveredTargets(config, alpha, at, permits).flatMap(({ targetName, portals }) =>
    portals.map(({ address, portalGroupTag }) => {
      const name = targetName.replace('iqn.2026-11.dev.crosspath:demo', '').slice(1);
      return `${name} ${address},${portalGroupTag}`;
    }),
  );
}

test('every target of the cluster is told of, with every portal', () => {
  assert.deepEqual(told(good), [
    'alpha-local 127.0.0.1:3260,1',
    'alpha-proxy 127.0.0.1:3260,2',
    'beta-local 127.0.0.1:3261,3',
    ' 127.0.0.1:3262,4',
  ]);
});

test('only ports that the initiator may log in to are told of', () => {
  const permits = ({ name }: { name: string }) => name === 'alpha-proxy' || name === 'beta-all';
  assert.deepEqual(told(good, undefined, permits), ['alpha-proxy 127.0.0.1:3260,2', ' 127.0.0.1:3262,4']);
});

test('a portal on every address is told of as the address that the client has connected to', () => {
  const any4 = edited('127.0.0.1:3260', '0.0.0.0:3260');
  assert.equal(told(any4, '192.0.2.7:3260')[0], 'alpha-local 192.0.2.7:3260,1');
  const any6 = edited('127.0.0.1:3260', '[::]:3260');
  assert.equal(told(any6, '[2001:db8::7]:3260')[0], 'alpha-local [2001:db8::7]:3260,1');
  assert.equal(told(any6, '[::ffff:192.0.2.7]:3260')[0], 'alpha-local 192.0.2.7:3260,1');
});

test('another portal on every address is told of with its own TCP port, where the client can use it', () => {
  const second =
    '\n[[system.port]]\nname = "second"\nkind = "physical"\nportal = "ANY:3299"\nserves = "proxy"\n';
  const withSecond = (any: string) =>
    edited('[[system]]\nname = "beta"', `${second.replace('ANY', any)}[[system]]\nname = "beta"`);
  assert(told(withSecond('0.0.0.0'), '192.0.2.7:3260').includes('second 192.0.2.7:3299,3'));
  assert(told(withSecond('[::]'), '192.0.2.7:3260').includes('second 192.0.2.7:3299,3'));
  const from6 = told(withSecond('0.0.0.0'), '[2001:db8::7]:3260');
  assert(!from6.some((line) => line.startsWith('second')));
});

test('where another system listens on every address, nobody here knows how a client reaches it', () => {
  assert(!told(edited('127.0.0.1:3261', '0.0.0.0:3261')).some((line) => line.startsWith('beta-local')));
});

/** Where who was logged in to `port` of alpha is sent, while the systems in `up` are reached. */
function sentTo(
  port: string,
  up: readonly string[],
  text = withImage,
  initiatorName = 'iqn.2026-11.test:one',
) {
  const config = configOf(text);
  const [system] = config.systems;
  assert(system !== undefined);
  const random = { bytes: (length: number) => new Uint8Array(length) };
  const access = new GroupAccess(config.initiatorGroups, new Map(), random);
  const from = targetPortsOf(system).find(({ name }) => name === port) ?? null;
  const identity = { initiatorName, isid: '00023d000001', port: from };
  return addressElsewhere({ config, system, access }, identity, (name) => up.includes(name));
}

const withImage = edited(
  '[[system]]\nname = "beta"',
  '[[system.port]]\nname = "alpha-all"\nkind = "physical"\nportal = "127.0.0.1:3263"\nserves = "all"\n[[system]]\nname = "beta"',
);

test('a single image is elsewhere where another system is reached; other ports and discovery are nowhere else', () => {
  assert.equal(sentTo('alpha-all', ['beta']), '127.0.0.1:3262');
  assert.equal(sentTo('alpha-all', []), null);
  for (const port of ['alpha-local', 'alpha-proxy', 'none']) assert.equal(sentTo(port, ['beta']), null);
});

test('nobody is sent to a port that its group may not use, or to an address that is every address', () => {
  const group = (ports: string) =>
    `${withImage}[[initiator_group]]\nname = "g"\ninitiators = ["*"]\nports = [${ports}]\n`;
  assert.equal(sentTo('alpha-all', ['beta'], group('"alpha-all"')), null);
  assert.equal(sentTo('alpha-all', ['beta'], group('"alpha-all", "beta-all"')), '127.0.0.1:3262');
  assert.equal(sentTo('alpha-all', ['beta'], withImage.replace('127.0.0.1:3262', '0.0.0.0:3262')), null);
});
