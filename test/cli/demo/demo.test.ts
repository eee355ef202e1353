import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { demoConfig, usualPorts } from '../../../cli/demo/demo-config.ts';
import { guide } from '../../../cli/demo/guide.ts';
import { proxiedRoute, routesOf, urlOf } from '../../../cli/demo/routes.ts';
import { configOf } from '../../daemon/config/fixture.ts';

const config = configOf(demoConfig(usualPorts));

test('the demo’s configuration is correct, and has units and every kind of port on both systems', () => {
  for (const system of config.systems) {
    assert.deepEqual(
      system.ports.map(({ kind, serves }) => [kind, serves]),
      [
        ['physical', 'local'],
        ['virtual', 'proxy'],
        ['physical', 'proxy'],
        ['physical', 'all'],
      ],
    );
    assert.equal(config.units.filter(({ owner }) => owner === system.name).length, 2);
  }
});

test('every unit has a direct and a proxied route through the ports that serve it', () => {
  for (const { name } of config.units) {
    const routes = routesOf(config).filter(({ unit }) => unit.name === name);
    assert.equal(routes.filter(({ isDirect }) => isDirect).length, 2);
    assert.equal(routes.filter(({ isDirect }) => !isDirect).length, 3);
  }
});

test('the guide has a URL for libiscsi and QEMU of every route, and the multipath set-up', () => {
  const text = guide(config, 'var/demo/demo.toml');
  for (const route of routesOf(config)) assert.ok(text.includes(urlOf(route)));
  assert.match(text, /iscsi:\/\/127\.0\.0\.1:3261\/iqn\.2026-11\.dev\.crosspath:demo:alpha-proxy\/2/);
  assert.match(text, /iscsiadm -m discovery -t sendtargets -p 127\.0\.0\.1:3262/);
  assert.match(text, /vendor "CROSSPTH"/);
  assert.match(text, /npx crosspath status var\/demo\/demo\.toml/);
});

test('the route that is shown and proved goes through alpha’s proxy port to a unit of beta', () => {
  const route = proxiedRoute(config);
  assert.deepEqual([route?.port.name, route?.unit.name, route?.unit.owner], ['alpha-proxy', 'vol-b', 'beta']);
});
