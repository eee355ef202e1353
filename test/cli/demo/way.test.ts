import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { wayOf } from '../../../cli/demo/way.ts';
import { type ClusterStatus, mergeStatus } from '../../../cli/status/merge.ts';
import type { SystemStatus } from '../../../src/admin/schema.ts';
import { sampleStatus } from '../../admin/sample-status.ts';
import { configOf, good } from '../../daemon/config/fixture.ts';

const config = configOf(good);
const expected = { port: 'alpha-proxy', receiver: 'alpha', owner: 'beta', unit: 'vol-b' };

/** Both systems after `forwarded` commands from alpha's proxy port to beta, of which beta served `served`. */
function cluster(forwarded: number, served: number): ClusterStatus {
  const alpha: SystemStatus = structuredClone(sampleStatus);
  for (const port of alpha.ports) {
    port.commandsReceived = forwarded;
    port.responsesSent = forwarded;
  }
  for (const unit of alpha.units) for (const counters of unit.counters) counters.commandsProxied = forwarded;
  for (const link of alpha.links) link.commandsForwarded = forwarded;
  const beta: SystemStatus = structuredClone(sampleStatus);
  beta.system.name = 'beta';
  beta.ports = [];
  for (const unit of beta.units) {
    unit.local = unit.owner === 'beta';
    unit.commandsServed = served;
  }
  for (const link of beta.links) {
    link.partner = 'alpha';
    link.commandsServed = served;
  }
  return mergeStatus(config, [
    { name: 'alpha', status: alpha },
    { name: 'beta', status: beta },
  ]);
}

test('a command that was forwarded shows in one counter a stage, on both systems', () => {
  const way = wayOf(expected, cluster(7, 7), cluster(8, 8));
  assert.equal(way.length, 6);
  assert.ok(way.every(({ holds }) => holds));
});

test('a stage that saw no command, or two, does not hold', () => {
  assert.deepEqual(
    wayOf(expected, cluster(7, 7), cluster(8, 7)).map(({ holds }) => holds),
    [true, true, true, false, false, true],
  );
  assert.ok(wayOf(expected, cluster(7, 7), cluster(9, 9)).every(({ holds }) => !holds));
});

test('a system that does not answer is an error that says so', () => {
  const gone = mergeStatus(config, [
    { name: 'alpha', unreachable: 'ECONNREFUSED' },
    { name: 'beta', unreachable: 'ECONNREFUSED' },
  ]);
  assert.throws(() => wayOf(expected, gone, gone), /system alpha does not answer: ECONNREFUSED/);
});
