import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionCaps } from '../../../src/iscsi/portal/connection-caps.ts';
import { IscsiLimits } from '../../../src/limits.ts';

const { maxConnections, maxConnectionsPerAddress, refusedConnections } = IscsiLimits;

test('one address has no more than its share, whatever the port', () => {
  const caps = new ConnectionCaps();
  for (let i = 0; i < maxConnectionsPerAddress; i++) assert.equal(caps.add(`10.0.0.1:${i}`), 'accept');
  assert.equal(caps.add('10.0.0.1:9999'), 'refuse');
  assert.equal(caps.add('10.0.0.2:1'), 'accept');
  caps.remove('10.0.0.1:9999');
  caps.remove('10.0.0.1:3');
  assert.equal(caps.add('10.0.0.1:7'), 'accept');
});

test('beyond the cap of all, some are told and the rest dropped', () => {
  const caps = new ConnectionCaps();
  for (let i = 0; i < maxConnections; i++) assert.equal(caps.add(`[fe80::${i}]:1`), 'accept');
  for (let i = 0; i < refusedConnections; i++) assert.equal(caps.add(`10.1.0.${i}:1`), 'refuse');
  assert.equal(caps.add('10.2.0.1:1'), 'drop');
});
