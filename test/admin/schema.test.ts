import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { accessStateNames, systemStatus } from '../../src/admin/schema.ts';
import { AccessState } from '../../src/scsi/access-states.ts';
import { sampleStatus } from './sample-status.ts';

test('a status survives JSON and the schema unchanged', () => {
  assert.deepEqual(systemStatus.parse(JSON.parse(JSON.stringify(sampleStatus))), sampleStatus);
});

test('negative counters, unknown states and missing parts are refused', () => {
  const [unit] = sampleStatus.units;
  const [link] = sampleStatus.links;
  for (const wrong of [
    { ...sampleStatus, units: [{ ...unit, commandsServed: -1 }] },
    { ...sampleStatus, units: [{ ...unit, accessStates: { alpha: 'optimised' } }] },
    { ...sampleStatus, links: [{ ...link, state: 'ok' }] },
    { ...sampleStatus, ports: undefined },
  ]) {
    assert.equal(systemStatus.safeParse(wrong).success, false);
  }
});

test('every asymmetric access state has a name', () => {
  for (const state of Object.values(AccessState)) assert.equal(typeof accessStateNames[state], 'string');
});
